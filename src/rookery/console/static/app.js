/** Starts the console: who is signed in, which page, and the shell around it. */
import { html, render, signal, effect, useEffect, useErrorBoundary, useLayoutEffect, useState } from './html.js';
import { expired, known, refresh, session } from './api/session.js';
import { live } from './api/live.js';
import { BASE, navigate, restore, route, start } from './router.js';
import { Connection } from './ui/connection.js';
import { Button } from './ui/button.js';
import { Page } from './ui/page.js';
import { palette } from './ui/palette-open.js';
import { Shell } from './ui/shell.js';
import { ErrorBox, Skeleton } from './ui/state.js';
import { toast, Toasts } from './ui/toast.js';
import { t } from './strings/app.js';

/** @typedef {{default: (props: {params: Record<string, string>, query: Record<string, string>}) => any, title?: string}} ViewModule */

/** What is shown: the module of the page, or why there is none. */
const shown = signal(/** @type {{key: string, module: ViewModule | null, error: unknown}} */ ({ key: '', module: null, error: null }));
/** @type {Map<string, ViewModule>} */
const loaded = new Map();
const failure = signal(/** @type {unknown} */ (null));

/** @param {import('./router.js').Route} at */
function keyOf(at) {
  return at.entry ? `${at.entry.view} ${at.params.id ?? at.params.token ?? ''}` : 'none';
}

async function show() {
  const at = route.value;
  const key = keyOf(at);
  if (!at.entry) {
    shown.value = { key, module: null, error: null };
    return;
  }
  const ready = loaded.get(at.entry.view);
  if (ready) {
    shown.value = { key, module: ready, error: null };
    return;
  }
  try {
    const module = /** @type {ViewModule} */ (await import(`./views/${at.entry.view}.js`));
    loaded.set(at.entry.view, module);
    if (keyOf(route.value) === key) shown.value = { key, module, error: null };
  } catch (error) {
    console.error(error);
    if (keyOf(route.value) === key) shown.value = { key, module: null, error };
  }
}

/** Where the address asks for somebody signed in and nobody is, the page is sign-in; the address stays known. */
function gate() {
  if (!known.value || !route.value.entry) return;
  if (!session.value.signed_in && !route.value.entry.open && !expired.value) {
    const next = location.pathname + location.search + location.hash;
    const home = next === BASE || next === `${BASE}/`;
    navigate(`/sign-in${home ? '' : `?next=${encodeURIComponent(next)}`}`, { replace: true, force: true });
  }
}

/** How long a page may take to become as long as it was. */
const GROWING = 3_000;

/** Scrolls to where a page was left; it may still load what makes it long enough. Returns how to give up.
 * @param {number} top @returns {() => void} */
function scrollBack(top) {
  scrollTo(0, top);
  if (!top || Math.abs(scrollY - top) < 2) return () => {};
  const grows = new ResizeObserver(() => {
    scrollTo(0, top);
    if (Math.abs(scrollY - top) < 2) stop();
  });
  const timer = setTimeout(() => stop(), GROWING);
  const stop = () => {
    grows.disconnect();
    clearTimeout(timer);
    for (const name of ['wheel', 'touchstart', 'keydown']) removeEventListener(name, stop);
  };
  // Whoever scrolls meanwhile knows better.
  for (const name of ['wheel', 'touchstart', 'keydown']) addEventListener(name, stop, { passive: true });
  grows.observe(document.body);
  return stop;
}

function View() {
  const { key, module, error } = shown.value;
  const at = route.value;
  const current = key === keyOf(at);
  useLayoutEffect(() => (current ? scrollBack(restore.top) : undefined), [current, at.path]);
  useEffect(() => {
    if (current && module?.title) document.title = `${module.title} · ${t.product}`;
  }, [current, module]);
  if (!at.entry) {
    return html`<${Page} title=${t.notFound.title} line=${t.notFound.line} json=${false}>
      <p class="reading">${t.notFound.sentence}</p>
      <p><${Button} href="/console/" icon="house" label=${t.notFound.action} /></p>
    <//>`;
  }
  if (error && current) return html`<${Broken} />`;
  if (!current || !module) return html`<div class="page"><${Skeleton} rows=${5} /></div>`;
  return html`<${Guarded} key=${key} of=${module.default} params=${at.params} query=${at.query} />`;
}

/** A view that fails must not take the shell with it.
 * @param {{of: any, params: object, query: object}} props */
function Guarded({ of, params, query }) {
  const [error, reset] = useErrorBoundary((thrown) => console.error(thrown));
  failure.value = error ?? null;
  if (error) return html`<${Broken} again=${reset} />`;
  return html`<${of} params=${params} query=${query} />`;
}

/** @param {{again?: () => void}} props */
function Broken({ again }) {
  return html`<${Page} title=${t.brokenView.title} json=${false}>
    <${ErrorBox} error=${t.brokenView.sentence} />
    <p><${Button} icon="rotate-ccw" label=${t.brokenView.retry} onClick=${() => (again && !failure.peek() ? again() : location.reload())} /></p>
  <//>`;
}

/** A part that is not there at first. @param {{load: () => Promise<any>}} props */
function Later({ load }) {
  const [part, setPart] = useState(/** @type {{of: any} | null} */ (null));
  useEffect(() => {
    load().then((of) => setPart({ of }), console.error);
  }, []);
  return part ? html`<${part.of} />` : null;
}

const loadPalette = () => import('./ui/palette.js').then((module) => module.Palette);
const loadSignIn = () => import('./ui/sign-in.js').then((module) => module.SignInAgain);

/** What may be wanted when the server has gone or was replaced is fetched as soon as there is time. */
function prepare() {
  const idle = globalThis.requestIdleCallback ?? ((/** @type {() => void} */ run) => setTimeout(run, 2_000));
  idle(() => void Promise.all([loadSignIn(), loadPalette(), import('./ui/index.js')]).catch(() => {}));
}

/** @param {KeyboardEvent} event */
function keys(event) {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== 'k') return;
  if (document.querySelector('dialog[open]:not(.palette)') || !session.value.signed_in) return;
  event.preventDefault();
  palette.value = !palette.value;
}

function App() {
  const at = route.value;
  if (!known.value) return html`<div class="page"><${Skeleton} rows=${5} /></div>`;
  const open = at.entry?.open && !session.value.signed_in;
  return html`
    ${at.entry?.bare || open
      ? html`<main class="bare" id="page"><${View} /></main>`
      : html`<${Shell}><${View} /><//>`}
    ${palette.value ? html`<${Later} key="palette" load=${loadPalette} />` : null}
    ${expired.value ? html`<${Later} key="sign-in" load=${loadSignIn} />` : null}
    ${session.value.signed_in || at.entry?.view === 'shared' ? html`<${Connection} />` : null}
    <${Toasts} />
  `;
}

/** After a start of the server: its facts may be others, and its pages newer than this one. */
async function renew() {
  const { version } = session.value.server;
  try {
    await refresh();
  } catch {
    return;
  }
  if (version && session.value.server.version !== version) {
    toast(t.updated.sentence, { action: { label: t.updated.action, onClick: () => location.reload() } });
  }
}

async function begin() {
  start();
  effect(() => void show());
  effect(gate);
  const root = /** @type {HTMLElement} */ (document.getElementById('root'));
  render(html`<${App} />`, root);
  live.onRestart(() => void renew());
  addEventListener('keydown', keys);
  for (;;) {
    try {
      await refresh();
      prepare();
      return;
    } catch (error) {
      render(html`<main class="bare"><${ErrorBox} error=${error} /></main>`, root);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      render(html`<${App} />`, root);
    }
  }
}

void begin();
