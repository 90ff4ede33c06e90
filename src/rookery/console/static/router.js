/** Addresses: which page is shown, with which parameters, and how to go elsewhere. */
import { signal } from './html.js';
import { ROUTES } from './views/routes.js';

/** Everything lives below this path. */
export const BASE = '/console';

/** @typedef {import('./views/routes.js').RouteEntry} RouteEntry */
/** @typedef {{path: string, params: Record<string, string>, query: Record<string, string>, entry: RouteEntry | null}} Route */

const patterns = ROUTES.map((entry) => {
  /** @type {string[]} */
  const names = [];
  const source = entry.path.replace(/\/:([a-z]+)(\??)/g, (_, name, optional) => {
    names.push(name);
    return optional ? '(?:/([^/]+))?' : '/([^/]+)';
  });
  return { entry, names, expression: new RegExp(`^${source}/?$`) };
});

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {Location | URL} place @returns {Route} */
function read(place) {
  const path = place.pathname.startsWith(BASE) ? place.pathname.slice(BASE.length) || '/' : place.pathname;
  const query = Object.fromEntries(new URLSearchParams(place.search));
  for (const { entry, names, expression } of patterns) {
    const found = expression.exec(path);
    if (!found) continue;
    /** @type {Record<string, string>} */
    const params = {};
    names.forEach((name, at) => {
      if (found[at + 1] !== undefined) params[name] = decode(found[at + 1]);
    });
    return { path, params, query, entry };
  }
  return { path, params: {}, query, entry: null };
}

/** Where the person is. `path` is without `/console`; `entry` is null where no page is. */
export const route = signal(read(location));

/** Pages may keep somebody from leaving what is not saved: see ui/leave.js.
 * @type {Set<() => boolean>} */
const guards = new Set();

/** @param {() => boolean} guard answers whether one may go @returns {() => void} takes the guard away */
export function guard(guard) {
  guards.add(guard);
  return () => guards.delete(guard);
}

/** The full address of a page: `/devices` → `/console/devices`.
 * @param {string} path @returns {string} */
export function href(path) {
  return path === BASE || path.startsWith(`${BASE}/`) || /^[a-z]+:/.test(path) ? path : BASE + path;
}

const STATE = 'rookery';
let serial = 0;
/** Where each entry of the history was scrolled to. @type {Map<number, number>} */
const scrolled = new Map();

function remember() {
  scrolled.set(Number(history.state?.[STATE] ?? 0), scrollY);
}

/** Set by the shell: how far to scroll once the page stands. */
export const restore = { top: 0, focus: false };

/** Goes to a page of the console (with or without `/console` in front).
 * @param {string} path
 * @param {{replace?: boolean, force?: boolean}} [options] force: ask no page whether one may leave it */
export function navigate(path, { replace = false, force = false } = {}) {
  const to = new URL(href(path), location.href);
  if (to.origin !== location.origin || !(to.pathname === BASE || to.pathname.startsWith(`${BASE}/`))) {
    location.assign(to);
    return;
  }
  const samePage = to.pathname === location.pathname;
  if (!samePage && !force && ![...guards].every((may) => may())) return;
  remember();
  if (!replace) serial += 1;
  history[replace ? 'replaceState' : 'pushState']({ [STATE]: serial }, '', to);
  restore.top = samePage ? scrollY : 0;
  restore.focus = !samePage;
  route.value = read(location);
}

/** Changes part of the query and stays on the page; null takes a name away.
 * @param {Record<string, string | number | boolean | null | undefined>} changes
 * @param {{replace?: boolean}} [options] */
export function setQuery(changes, { replace = true } = {}) {
  const to = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') to.searchParams.delete(name);
    else to.searchParams.set(name, String(value));
  }
  if (to.search !== location.search) navigate(to.pathname + to.search + to.hash, { replace });
}

/** @param {MouseEvent} event */
function clicked(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download')) return;
  const to = new URL(link.href);
  if (to.origin !== location.origin || !(to.pathname === BASE || to.pathname.startsWith(`${BASE}/`))) return;
  // Files and calls of the server below /console are no pages.
  if (/^\/console\/(static|api|iot|v1|oauth|live)(\/|$)/.test(to.pathname) || to.pathname.endsWith('.json')) return;
  if (to.pathname === location.pathname && to.search === location.search && to.hash) return;
  event.preventDefault();
  navigate(to.pathname + to.search + to.hash);
}

/** Starts to listen to clicks and to the browser's own back and forward. */
export function start() {
  history.scrollRestoration = 'manual';
  serial = Number(history.state?.[STATE] ?? 0);
  history.replaceState({ [STATE]: serial }, '');
  document.addEventListener('click', clicked);
  let here = location.href;
  let at = serial;
  route.subscribe(() => {
    here = location.href;
    at = serial;
  });
  addEventListener('popstate', (event) => {
    const samePage = new URL(here).pathname === location.pathname;
    if (!samePage && ![...guards].every((may) => may())) {
      history.pushState({ [STATE]: at }, '', here);
      return;
    }
    scrolled.set(serial, scrollY);
    serial = Number(event.state?.[STATE] ?? 0);
    restore.top = scrolled.get(serial) ?? 0;
    restore.focus = !samePage;
    route.value = read(location);
  });
}
