import { html, useId, useLayoutEffect, useRef } from '../html.js';
import { navigate } from '../router.js';
import { Button } from './button.js';
import { Icon } from './icon.js';
import { Empty, ErrorBox, useLate } from './state.js';
import t from '../strings/ui.js';

/** @template R
 * @typedef {object} Column
 * @property {string} key also the name to sort by
 * @property {string} label
 * @property {(row: R) => import('../html.js').Children} [render] else the row's own field of that name
 * @property {'start' | 'end'} [align] numbers stand at the end
 * @property {string} [width]
 * @property {boolean} [sort]
 * @property {boolean} [hidePhone]
 */

/** @template R
 * @typedef {object} TableProps
 * @property {Column<R>[]} columns the first is the name
 * @property {R[] | null | undefined} [rows]
 * @property {(row: R) => string} keyOf
 * @property {(row: R) => string | null | undefined} [hrefOf]
 * @property {{state: string, error?: any, reload?: () => void, busy?: boolean}} [load] of `useLoad`
 * @property {string} [state]
 * @property {any} [error]
 * @property {() => void} [retry]
 * @property {{sentence: string, action?: import('../html.js').Children, example?: import('../html.js').Children, icon?: string}} [empty]
 * @property {boolean} [filtered] nothing found means: nothing matches
 * @property {() => void} [onClear]
 * @property {import('../html.js').Signal<Set<string>>} [selected] keys of the chosen rows
 * @property {string} [sort] key, with - in front for descending
 * @property {(sort: string) => void} [onSort]
 * @property {string} label
 */

/** Bars in place of rows, once it takes long. @param {{columns: Array<{hidePhone?: boolean}>}} props */
function Waiting({ columns }) {
  const late = useLate();
  return html`<tbody class=${late ? '' : 'skeleton-early'}>
    ${Array.from(
      { length: 5 },
      (_, row) =>
        html`<tr>
          ${columns.map(
            (column, at) => html`<td class=${column.hidePhone ? 'hide-phone' : ''}>
              <div class="skeleton-row" style=${{ width: `${85 - ((row * 23 + at * 31) % 45)}%` }}></div>
            </td>`,
          )}
        </tr>`,
    )}
  </tbody>`;
}

/** A list in its four states. Arrows move between rows, Enter opens, Space selects.
 * @template R
 * @param {TableProps<R>} props */
export function Table(props) {
  const { columns, keyOf, hrefOf, load, empty, filtered, onClear, selected, sort = '', onSort, label } = props;
  const rows = props.rows ?? [];
  const state = load?.state ?? props.state ?? 'ready';
  const body = useRef(/** @type {HTMLTableSectionElement | null} */ (null));
  const chosen = selected?.value ?? new Set();
  const waiting = state === 'loading' && !rows.length;

  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    const row = event.target instanceof Element ? event.target.closest('tr') : null;
    if (!row || !body.current) return;
    const all = [...body.current.rows];
    const at = all.indexOf(row);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    const onRow = event.target === row;
    if (to !== undefined && (onRow || event.key.startsWith('Arrow')) && !(event.target instanceof HTMLInputElement && event.target.type !== 'checkbox')) {
      event.preventDefault();
      all[Math.max(0, Math.min(all.length - 1, to))]?.focus();
    } else if (event.key === 'Enter' && onRow && hrefOf) {
      const to = hrefOf(rows[at]);
      if (to) navigate(to);
    } else if (event.key === ' ' && onRow && selected) {
      event.preventDefault();
      toggle(keyOf(rows[at]));
    }
  };

  /** @param {string} key */
  const toggle = (key) => {
    if (!selected) return;
    const next = new Set(selected.peek());
    if (!next.delete(key)) next.add(key);
    selected.value = next;
  };
  const all = rows.length > 0 && rows.every((row) => chosen.has(keyOf(row)));
  const some = !all && rows.some((row) => chosen.has(keyOf(row)));
  const toggleAll = () => {
    if (!selected) return;
    const next = new Set(selected.peek());
    for (const row of rows) {
      if (all) next.delete(keyOf(row));
      else next.add(keyOf(row));
    }
    selected.value = next;
  };

  if (state === 'error' && !rows.length) {
    return html`<${ErrorBox} error=${load?.error ?? props.error} retry=${load?.reload ?? props.retry} />`;
  }
  if (state !== 'loading' && !rows.length) {
    return filtered
      ? html`<${Empty}
          icon="filter"
          sentence=${t.filteredEmpty}
          action=${onClear ? html`<${Button} label=${t.clearFilter} onClick=${onClear} />` : null}
        />`
      : html`<${Empty} ...${empty ?? { sentence: t.empty }} />`;
  }
  return html`<div
    ref=${(/** @type {HTMLElement | null} */ element) => measure(element)}
    class=${`table-frame${state === 'loading' && rows.length ? ' table-stale' : ''}`}
  >
    ${state === 'error' ? html`<${ErrorBox} error=${load?.error ?? props.error} retry=${load?.reload ?? props.retry} />` : null}
    <table class="table" aria-label=${label} aria-busy=${state === 'loading' ? 'true' : undefined}>
      <thead>
        <tr>
          ${selected
            ? html`<th class="table-check" scope="col">
                <input type="checkbox" aria-label=${t.selectAll} checked=${all} disabled=${rows.length === 0} ref=${(/** @type {HTMLInputElement | null} */ box) => box && (box.indeterminate = some)} onChange=${toggleAll} />
              </th>`
            : null}
          ${columns.map((column) => html`<${Head} key=${column.key} column=${column} sort=${sort} onSort=${onSort} />`)}
        </tr>
      </thead>
      ${waiting
        ? html`<${Waiting} columns=${selected ? [{}, ...columns] : columns} />`
        : html`<tbody ref=${body} onKeyDown=${keys}>
            ${rows.map((row, at) => {
              const key = keyOf(row);
              const to = hrefOf?.(row);
              return html`<tr
                key=${key}
                tabindex=${at === 0 ? '0' : '-1'}
                class=${`${to ? 'table-link' : ''}${chosen.has(key) ? ' table-chosen' : ''}`}
                onFocus=${(/** @type {FocusEvent} */ event) => roam(body.current, event.currentTarget)}
                onClick=${to ? (/** @type {MouseEvent} */ event) => open(event, to) : undefined}
              >
                ${selected
                  ? html`<td class="table-check">
                      <input type="checkbox" aria-label=${t.selectRow(nameOf(row, columns[0]) ?? key)} checked=${chosen.has(key)} onChange=${() => toggle(key)} />
                    </td>`
                  : null}
                ${columns.map((column, at) => {
                  const inside = column.render ? column.render(row) : /** @type {any} */ (row)[column.key];
                  const names = `${column.align === 'end' ? 'align-end num' : ''}${column.hidePhone ? ' hide-phone' : ''}`;
                  return at === 0
                    ? html`<th scope="row" class=${`${names} table-name`}>${to ? html`<a href=${to} tabindex="-1">${inside}</a>` : inside}</th>`
                    : html`<td class=${names}>${inside}</td>`;
                })}
              </tr>`;
            })}
          </tbody>`}
    </table>
  </div>`;
}

/** Frames whose table may become too wide for them: the frame is narrowed, or what a cell shows gets longer. */
const widths = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    const frame = target.closest('.table-frame');
    const table = frame?.querySelector('table');
    frame?.classList.toggle('table-wide', !!table && table.offsetWidth > frame.clientWidth + 1);
  }
});

/** @param {HTMLElement | null} frame */
function measure(frame) {
  if (!frame) return;
  for (const each of [frame, frame.querySelector('table')]) if (each) widths.observe(each);
}

/** @param {any} row @param {Column<any>} column */
function nameOf(row, column) {
  const plain = row[column.key];
  return typeof plain === 'string' ? plain : undefined;
}

/** Only one row is in the order of the tab key. @param {HTMLTableSectionElement | null} body @param {EventTarget | null} row */
function roam(body, row) {
  if (!body || !(row instanceof HTMLTableRowElement)) return;
  for (const each of body.rows) each.tabIndex = each === row ? 0 : -1;
}

/** @param {MouseEvent} event @param {string} to */
function open(event, to) {
  if (event.target instanceof Element && event.target.closest('a, button, input, select, label, textarea, summary, [role=menu]')) return;
  if (getSelection()?.toString()) return;
  if (event.metaKey || event.ctrlKey) window.open(to, '_blank', 'noopener');
  else navigate(to);
}

/** @param {{column: Column<any>, sort: string, onSort?: (sort: string) => void}} props */
function Head({ column, sort, onSort }) {
  const names = `${column.align === 'end' ? 'align-end' : ''}${column.hidePhone ? ' hide-phone' : ''}`;
  const up = sort === column.key;
  const down = sort === `-${column.key}`;
  const style = column.width ? { width: column.width } : undefined;
  if (!column.sort || !onSort) {
    // A column of buttons has a name too, which those hear who do not see the buttons.
    const label = column.label || html`<span class="hidden">${t.actions}</span>`;
    return html`<th scope="col" class=${names} style=${style}>${label}</th>`;
  }
  return html`<th scope="col" class=${names} style=${style} aria-sort=${up ? 'ascending' : down ? 'descending' : undefined}>
    <button type="button" class="table-sort" title=${t.sortBy(column.label)} onClick=${() => onSort(up ? `-${column.key}` : column.key)}>
      ${column.label}<${Icon} name=${down ? 'arrow-down' : 'arrow-up'} size=${12} />
    </button>
  </th>`;
}

/** @param {{page: number, pages: number, total?: number, onPage: (page: number) => void, label?: string}} props pages count from 1 */
export function Pager({ page, pages, total, onPage, label = t.pager }) {
  if (pages <= 1) return total ? html`<p class="pager muted num">${t.total(total)}</p>` : null;
  return html`<nav class="pager" aria-label=${label}>
    <span class="muted num">${total === undefined ? '' : t.total(total)}</span>
    <span class="pager-buttons">
      <button type="button" class="icon-button" disabled=${page <= 1} aria-label=${t.previous} title=${t.previous} onClick=${() => onPage(page - 1)}>
        <${Icon} name="chevron-left" />
      </button>
      <span class="num" aria-live="polite">${t.pageOf(page, pages)}</span>
      <button type="button" class="icon-button" disabled=${page >= pages} aria-label=${t.next} title=${t.next} onClick=${() => onPage(page + 1)}>
        <${Icon} name="chevron-right" />
      </button>
    </span>
  </nav>`;
}

/** A search field that `/` goes to.
 * @param {{value: string, onInput: (value: string) => void, label?: string}} props */
export function Search({ value, onInput, label = t.search }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const id = useId();
  // Before it is painted: whoever sees the field may press the key.
  useLayoutEffect(() => {
    const slash = (/** @type {KeyboardEvent} */ event) => {
      if (event.defaultPrevented || event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      const at = event.target;
      if (at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName))) return;
      if (document.querySelector('dialog[open]') && !input.current?.closest('dialog')) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener('keydown', slash);
    return () => removeEventListener('keydown', slash);
  }, []);
  return html`<div class="search">
    <${Icon} name="search" />
    <label class="hidden" for=${id}>${label}</label>
    <input
      id=${id}
      ref=${input}
      type="search"
      class="input"
      value=${value}
      placeholder=${label}
      title=${t.searchKey}
      autocomplete="off"
      spellcheck=${false}
      onInput=${(/** @type {InputEvent} */ event) => onInput(/** @type {HTMLInputElement} */ (event.target).value)}
    />
    <kbd aria-hidden="true">/</kbd>
  </div>`;
}
