import { html, useRef, useEffect } from '../html.js';

/** Tabs that are addresses: each is a link, the current one says so.
 * @param {{label: string, tabs: Array<{id: string, label: string, href?: string, count?: number}>, current: string,
 *   onTab?: (id: string) => void}} props without `href` a tab calls `onTab` */
export function Tabs({ label, tabs, current, onTab }) {
  const row = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const here = row.current?.querySelector('[aria-current]');
    if (here instanceof HTMLElement && row.current) {
      row.current.scrollLeft = here.offsetLeft - (row.current.clientWidth - here.clientWidth) / 2;
    }
  }, [current]);
  return html`<nav class="tabs" aria-label=${label} ref=${row}>
    ${tabs.map((tab) => {
      const here = tab.id === current ? 'page' : undefined;
      const inside = html`${tab.label}${tab.count === undefined ? null : html`<span class="tab-count num">${tab.count}</span>`}`;
      return tab.href
        ? html`<a key=${tab.id} class="tab" href=${tab.href} aria-current=${here}>${inside}</a>`
        : html`<button key=${tab.id} type="button" class="tab" aria-current=${here} onClick=${() => onTab?.(tab.id)}>${inside}</button>`;
    })}
  </nav>`;
}
