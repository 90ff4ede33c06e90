/** A dashboard as it is looked at: pages, time range and board. The view and the share link draw this. */
import { html, useMemo } from '../html.js';
import { navigate } from '../router.js';
import { Button, Empty, Tabs } from '../ui/index.js';
import { kindOf } from '../widgets/registry.js';
import { Board, onPhone } from './board.js';
import { MAIN, boxesOf, tabsOf, widgetsOf } from './document.js';
import { Tile } from './frame.js';
import { boundsOf, phoneSizeOf, sizeOf } from './kinds.js';
import t from '../strings/dashboard.js';

/** The page that the address names, else the first. @param {import('./document.js').Doc} doc @param {Record<string, string>} query */
export function pageOf(doc, query) {
  const tabs = tabsOf(doc, t.main);
  return tabs.find((each) => each.id === query['page'])?.id ?? tabs[0]?.id ?? MAIN;
}

/** Whether something on the page has a time range. @param {import('./document.js').Doc} doc @param {Record<string, string>} query */
export const isRanged = (doc, query) => widgetsOf(doc, pageOf(doc, query)).some((each) => kindOf(each.type).ranged);

/**
 * The pages and the board, without anything to change it.
 * @param {{doc: import('../dashboard/document.js').Doc, from: any, range: any, setRange: any, query: Record<string, string>,
 *   editAt?: string, base?: string}} props
 */
export function Shown({ doc, from, range, setRange, query, editAt = '', base = `/console/dashboards/${doc.id}` }) {
  const tabs = tabsOf(doc, t.main);
  const page = pageOf(doc, query);
  const phone = onPhone.value;
  const boxes = useMemo(() => boxesOf(doc, page, phone, sizeOf, phoneSizeOf), [doc, page, phone]);
  const widgets = useMemo(() => new Map(widgetsOf(doc, page).map((each) => [each.id, { widget: each, bounds: boundsOf(each, from) }])), [doc, page]);
  const search = (/** @type {string} */ id) => {
    const next = new URLSearchParams({ ...query, page: id });
    if (id === tabs[0]?.id) next.delete('page');
    return `${base}${next.size ? `?${next}` : ''}`;
  };
  return html`
    ${tabs.length > 1
      ? html`<${Tabs} label=${t.head.pages} current=${page} tabs=${tabs.map((each) => ({ id: each.id, label: each.name, href: search(each.id) }))} />`
      : null}
    ${boxes.length === 0
      ? html`<${Empty}
          icon="layout-dashboard"
          sentence=${editAt ? t.empty.sentence : t.empty.looking}
          example=${editAt ? t.empty.example : null}
          action=${editAt ? html`<${Button} kind="primary" icon="plus" label=${t.empty.action} href=${`${editAt}${editAt.includes('?') ? '&' : '?'}add=1`} />` : null}
        />`
      : html`<${Board}
          boxes=${boxes}
          phone=${phone}
          tile=${(/** @type {string} */ id) => {
            const { widget, bounds } = /** @type {any} */ (widgets.get(id));
            return html`<${Tile}
              widget=${widget}
              bounds=${bounds}
              range=${range}
              setRange=${setRange}
              syncKey=${doc.id}
              compact=${phone}
              onChoose=${editAt ? () => navigate(`${editAt}${editAt.includes('?') ? '&' : '?'}choose=${id}`) : null}
            />`;
          }}
        />`}
  `;
}
