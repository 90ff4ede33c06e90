/** A dashboard as it is looked at: pages, time range and board. The view and the share link draw this. */
import { html, useMemo } from '../html.js';
import { navigate } from '../router.js';
import { Button, Empty, Tabs } from '../ui/index.js';
import { kindOf } from '../widgets/registry.js';
import { Board, onPhone } from './board.js';
import { MAIN, boxesOf, tabsOf, widgetsOf } from './document.js';
import { Tile } from './frame.js';
import { boundsOf, phoneSizeOf, sizeOf } from './kinds.js';
import { RangePicker } from './ranges.js';
import t from '../strings/dashboard.js';

/**
 * The pages and the board, without anything to change it.
 * @param {{doc: import('../dashboard/document.js').Doc, from: any, range: any, setRange: any, query: Record<string, string>,
 *   editAt?: string, looking?: boolean, base?: string}} props
 */
export function Shown({ doc, from, range, setRange, query, editAt = '', looking = false, base = `/console/dashboards/${doc.id}` }) {
  const tabs = tabsOf(doc, t.main);
  const page = tabs.some((each) => each.id === query['page']) ? /** @type {string} */ (query['page']) : (tabs[0]?.id ?? MAIN);
  const phone = onPhone.value;
  const boxes = useMemo(() => boxesOf(doc, page, phone, sizeOf, phoneSizeOf), [doc, page, phone]);
  const widgets = useMemo(() => new Map(widgetsOf(doc, page).map((each) => [each.id, { widget: each, bounds: boundsOf(each, from) }])), [doc, page]);
  const ranged = widgetsOf(doc, page).some((each) => kindOf(each.type).ranged);
  const search = (/** @type {string} */ id) => {
    const next = new URLSearchParams({ ...query, page: id });
    if (id === tabs[0]?.id) next.delete('page');
    return `${base}${next.size ? `?${next}` : ''}`;
  };
  const many = tabs.length > 1;
  return html`
    ${many || ranged
      ? html`<div class="db-bar">
          ${many
            ? html`<${Tabs} label=${t.head.pages} current=${page} tabs=${tabs.map((each) => ({ id: each.id, label: each.name, href: search(each.id) }))} />`
            : html`<span></span>`}
          ${ranged ? html`<${RangePicker} range=${range} setRange=${setRange} />` : null}
        </div>`
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
              looking=${looking}
              onChoose=${editAt ? () => navigate(`${editAt}${editAt.includes('?') ? '&' : '?'}widget=${id}`) : null}
            />`;
          }}
        />`}
  `;
}
