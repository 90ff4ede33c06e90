import { html, useEffect, useId, useLayoutEffect, useRef, useState } from '../html.js';
import { iot, own } from '../api/rest.js';
import { signOut } from '../api/session.js';
import { navigate } from '../router.js';
import { modelOf } from '../views/parts/devices-model.js';
import { ROUTES } from '../views/routes.js';
import { Modal } from './dialog.js';
import { Icon } from './icon.js';
import { palette } from './palette-open.js';
import { chooseTheme } from './theme.js';
import { t } from '../strings/app.js';
import words from '../strings/palette.js';

/** @typedef {{id: string, label: string, hint?: string, icon: string, kind: string, run: () => void}} Found */

/** At most so many things of one kind. */
const MOST = 8;

/** @param {string} path */
const go = (path) => () => navigate(path);

/** @returns {Found[]} */
function fixed() {
  const pages = ROUTES.filter((entry) => entry.rail).map((entry) => ({
    id: entry.view,
    label: entry.rail ?? '',
    hint: entry.hint,
    icon: entry.icon ?? 'circle',
    kind: words.pages,
    run: go(entry.path.replace(/\/:.*$/, '')),
  }));
  const has = (/** @type {string} */ view) => ROUTES.some((entry) => entry.view === view);
  /** @type {Array<Found | false>} */
  const actions = [
    has('connect') && { id: 'connect', label: words.connect, icon: 'plug', kind: words.actions, run: go('/connect') },
    ...['light', 'dark', 'auto'].map((name) => ({
      id: `theme-${name}`,
      label: words.theme(t.theme[/** @type {'light'} */ (name)]),
      icon: { light: 'sun', dark: 'moon' }[name] ?? 'sun-moon',
      kind: words.actions,
      run: () => chooseTheme(/** @type {'light'} */ (name)),
    })),
    { id: 'ui', label: words.patterns, icon: 'palette', kind: words.pages, run: go('/ui') },
    { id: 'out', label: t.signOut, icon: 'log-out', kind: words.actions, run: () => void signOut() },
  ];
  return [...pages, .../** @type {Found[]} */ (actions.filter(Boolean))];
}

/** @param {string} text @param {string} asked */
function matches(text, asked) {
  const low = text.toLowerCase();
  return asked
    .toLowerCase()
    .split(/\s+/)
    .every((word) => low.includes(word));
}

/** Boards, things and dashboards whose names match; what does not answer is left out.
 * @param {string} asked @param {AbortSignal} abort @returns {Promise<Found[]>} */
async function look(asked, abort) {
  const none = () => null;
  const [devices, things, dashboards] = await Promise.all([
    own('GET', 'devices', { query: { q: asked, per_page: MOST }, signal: abort }).catch(none),
    iot('GET', '/v2/things', { signal: abort }).catch(none),
    iot('GET', '/v2/dashboards', { signal: abort }).catch(none),
  ]);
  /** @param {any[]} list @param {string} icon @param {string} kind @param {string} path */
  const found = (list, icon, kind, path) =>
    list
      .filter((each) => path === '/devices' || matches(String(each.name ?? ''), asked))
      .slice(0, MOST)
      .map((each) => ({ id: `${kind}-${each.id}`, label: each.name || each.id, hint: each.dialect ? modelOf(each) : each.device_name, icon, kind, run: go(`${path}/${each.id}`) }));
  return [
    ...found(devices?.devices ?? [], 'cpu', words.devices, '/devices'),
    ...found(Array.isArray(things) ? things : [], 'layers', words.things, '/things'),
    ...found(Array.isArray(dashboards) ? dashboards : [], 'layout-dashboard', words.dashboards, '/dashboards'),
  ];
}

/** Everything by its name. */
export function Palette() {
  const id = useId();
  const [asked, setAsked] = useState('');
  const [far, setFar] = useState(/** @type {Found[]} */ ([]));
  const [busy, setBusy] = useState(false);
  const [at, setAt] = useState(0);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const close = () => {
    palette.value = false;
  };
  useEffect(() => {
    const text = asked.trim();
    if (!text) {
      setFar([]);
      return undefined;
    }
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      setBusy(true);
      const found = await look(text, abort.signal);
      if (abort.signal.aborted) return;
      setFar(found);
      setBusy(false);
    }, 120);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked]);
  useLayoutEffect(() => setAt(0), [asked]);
  const near = fixed().filter((each) => !asked.trim() || matches(`${each.label} ${each.hint ?? ''}`, asked.trim()));
  const found = [...near, ...far];
  const kinds = [...new Set(found.map((each) => each.kind))];
  const ordered = kinds.flatMap((kind) => found.filter((each) => each.kind === kind));
  const chosen = ordered[Math.min(at, ordered.length - 1)];
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [at, ordered.length]);
  /** @param {Found} each */
  const run = (each) => {
    close();
    // The dialog gives the focus back first; the page then takes it.
    setTimeout(each.run, 0);
  };
  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setAt(to < 0 ? (at === 0 ? ordered.length - 1 : 0) : to >= ordered.length ? (at === ordered.length - 1 ? 0 : ordered.length - 1) : to);
    } else if (event.key === 'Enter' && chosen && !event.isComposing) {
      event.preventDefault();
      run(chosen);
    }
  };
  return html`<${Modal} open=${true} onClose=${close} name="palette" labelId=${`${id}-name`}>
    <div class="palette-frame">
      <h2 class="hidden" id=${`${id}-name`}>${words.title}</h2>
      <div class="palette-head">
        <${Icon} name="search" size=${20} />
        <input
          class="palette-input"
          role="combobox"
          aria-label=${words.title}
          aria-expanded="true"
          aria-controls=${`${id}-list`}
          aria-activedescendant=${chosen ? `${id}-${chosen.id}` : undefined}
          aria-autocomplete="list"
          placeholder=${t.search}
          autocomplete="off"
          spellcheck=${false}
          data-autofocus=""
          value=${asked}
          onInput=${(/** @type {any} */ event) => setAsked(event.target.value)}
          onKeyDown=${keys}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="palette-list" role="listbox" id=${`${id}-list`} aria-label=${words.title} tabindex="-1" ref=${list}>
        ${kinds.map(
          (kind) => html`<div role="group" aria-label=${kind} key=${kind}>
            <div class="palette-kind" aria-hidden="true">${kind}</div>
            ${ordered
              .filter((each) => each.kind === kind)
              .map(
                (each) => html`<div
                  key=${each.id}
                  id=${`${id}-${each.id}`}
                  role="option"
                  class="palette-option"
                  aria-selected=${String(each === chosen)}
                  onPointerMove=${() => setAt(ordered.indexOf(each))}
                  onClick=${() => run(each)}
                >
                  <${Icon} name=${each.icon} /><span class="palette-label">${each.label}</span>
                  <span class="palette-hint">${each.hint ?? ''}</span>
                </div>`,
              )}
          </div>`,
        )}
      </div>
      <div class="palette-foot" role="status">${busy ? words.looking : ordered.length ? words.keys : words.nothing(asked)}</div>
    </div>
  <//>`;
}
