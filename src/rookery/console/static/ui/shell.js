import { html, useLayoutEffect, useState } from '../html.js';
import { chooseSpace, session, signOut, space } from '../api/session.js';
import { route } from '../router.js';
import { ROUTES } from '../views/routes.js';
import { Dialog } from './dialog.js';
import { Icon } from './icon.js';
import { IconButton } from './button.js';
import { Mark } from './mark.js';
import { Menu } from './menu.js';
import { openPalette, shortcut } from './palette-open.js';
import { chooseTheme, theme } from './theme.js';
import { t } from '../strings/app.js';

/** @typedef {import('../views/routes.js').RouteEntry} RouteEntry */

const RAIL = ROUTES.filter((entry) => entry.rail);
const WIDTH = 'rookery.rail';

/** @param {RouteEntry} entry */
function current(entry) {
  const here = route.value.entry;
  return here?.rail === entry.rail || here?.place === entry.rail;
}

/** @param {{entry: RouteEntry, narrow?: boolean, onClick?: () => void}} props */
function Entry({ entry, narrow = false, onClick }) {
  return html`<a
    class="rail-entry"
    href=${`/console${entry.path.replace(/\/:.*$/, '')}`}
    aria-current=${current(entry) ? 'page' : undefined}
    title=${narrow ? entry.rail : undefined}
    onClick=${onClick}
  >
    <${Icon} name=${entry.icon ?? 'circle'} size=${20} /><span class="rail-word">${entry.rail}</span>
  </a>`;
}

function themeItems() {
  const names = /** @type {Array<['auto' | 'light' | 'dark', string]>} */ ([['auto', 'sun-moon'], ['light', 'sun'], ['dark', 'moon']]);
  return names.map(([name, icon]) => ({
    label: t.theme[name],
    icon,
    checked: theme.value === name,
    onClick: () => chooseTheme(name),
  }));
}

/** Who is signed in, the space, the theme, and the way out. @param {{up?: boolean}} props */
function Account({ up = false }) {
  const { person, spaces } = session.value;
  if (!person) return null;
  const name = person.name || person.email;
  const letters = name
    .split(/[\s@.]+/)
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase() ?? '')
    .join('');
  const items = [
    ...(spaces.length > 1
      ? [
          ...spaces.map((each) => ({
            label: each.name,
            icon: each.kind === 'personal' ? 'user' : 'users',
            checked: each.id === space.value?.id,
            onClick: () => chooseSpace(each.id),
          })),
          { label: '', separator: true },
        ]
      : []),
    ...themeItems(),
    { label: '', separator: true },
    { label: t.account, icon: 'user', href: '/console/settings/account' },
    { label: t.signOut, icon: 'log-out', onClick: () => void signOut() },
  ];
  return html`<${Menu}
    items=${items}
    up=${up}
    face=${html`<span class="avatar" aria-hidden="true">${letters || '?'}</span>
      <span class="hidden">${t.account}: ${name}</span>
      <span class="rail-word account-words" aria-hidden="true">
        <span class="account-name">${name}</span>
        ${spaces.length > 1 && space.value ? html`<span class="account-space">${space.value.name}</span>` : null}
      </span>`}
  />`;
}

/** The rail, the bottom bar of phones, and the page between them.
 * @param {{children: import('../html.js').Children}} props */
export function Shell({ children }) {
  const [narrow, setNarrow] = useState(() => stored() === 'narrow');
  const [more, setMore] = useState(false);
  const groups = [...new Set(RAIL.map((entry) => entry.group ?? 0))];
  useLayoutEffect(() => setMore(false), [route.value.path]);
  const fold = () => {
    setNarrow(!narrow);
    try {
      localStorage.setItem(WIDTH, narrow ? 'wide' : 'narrow');
    } catch {
      // Private windows may forbid it; the choice then lasts as long as the page.
    }
  };
  const barred = RAIL.filter((entry) => entry.bar);
  const rest = RAIL.filter((entry) => !entry.bar);
  return html`<div class=${`shell${narrow ? ' shell-narrow' : ''}`}>
    <a class="skip" href="#page">${t.skip}</a>
    <header class="rail">
      <div class="rail-top">
        <a class="rail-mark" href="/console/" title=${narrow ? t.product : undefined} aria-label=${t.product}>
          <${Mark} size=${28} /><span class="rail-word wordmark">${t.product}</span>
        </a>
      </div>
      <button type="button" class="rail-search" title=${t.search} onClick=${() => openPalette()}>
        <${Icon} name="search" /><span class="rail-word">${t.searchShort}</span><kbd class="rail-word">${shortcut}</kbd>
      </button>
      <nav class="rail-nav" aria-label=${t.rail}>
        ${groups.map(
          (group) => html`<div class="rail-group" key=${group}>
            ${RAIL.filter((entry) => (entry.group ?? 0) === group).map((entry) => html`<${Entry} entry=${entry} narrow=${narrow} />`)}
          </div>`,
        )}
      </nav>
      <div class="rail-end">
        <${Account} up=${true} />
        <${IconButton} icon="panel-left" small=${true} label=${narrow ? t.expand : t.collapse} onClick=${fold} />
      </div>
    </header>
    <main class="main" id="page" tabindex="-1">${children}</main>
    <nav class="bar" aria-label=${t.rail}>
      ${barred.map((entry) => html`<${Entry} entry=${entry} />`)}
      <button
        type="button"
        class="rail-entry"
        aria-current=${rest.some(current) ? 'page' : undefined}
        aria-expanded=${String(more)}
        onClick=${() => setMore(!more)}
      >
        <${Icon} name="menu" size=${20} /><span class="rail-word">${t.more}</span>
      </button>
    </nav>
    <${Dialog} open=${more} title=${t.more} onClose=${() => setMore(false)}>
      <div class="more-grid">${rest.map((entry) => html`<${Entry} entry=${entry} onClick=${() => setMore(false)} />`)}</div>
      <div class="more-foot">
        <button
          type="button"
          class="button button-plain"
          onClick=${() => {
            setMore(false);
            openPalette();
          }}
        >
          <${Icon} name="search" /><span>${t.search}</span>
        </button>
        <${Account} />
      </div>
    <//>
  </div>`;
}

function stored() {
  try {
    return localStorage.getItem(WIDTH);
  } catch {
    return null;
  }
}

