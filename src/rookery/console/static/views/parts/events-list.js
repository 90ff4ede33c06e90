/** The list of events: only rows in sight are drawn, so a thousand of them cost what twenty do. */
import { html, useLayoutEffect, useRef, useState } from '../../html.js';
import { Icon } from '../../ui/index.js';
import t from '../../strings/events.js';

/** @typedef {import('./events-store.js').Row} Row */
/** @typedef {import('./events-store.js').EventRow} EventRow */

/** Pixels of a row, as in events.css. */
const ROW = 40;
const PHONE_ROW = 56;
const BEYOND = 8;
const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });

/** @param {number} ms */
export function clockText(ms) {
  return TIME.format(ms);
}

/**
 * @param {{rows: Row[], chosen: string | null, onChoose: (row: EventRow) => void, onPause: () => void,
 *   deviceName: (row: EventRow) => string}} props
 */
export function EventTable({ rows, chosen, onChoose, onPause, deviceName }) {
  const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
  const head = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [place, setPlace] = useState({ top: 0, height: 600, row: ROW });
  const [active, setActive] = useState(/** @type {string | null} */ (null));
  const newest = useRef(/** @type {string | undefined} */ (undefined));

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const measure = () => {
      const row = element.clientWidth < 640 ? PHONE_ROW : ROW;
      setPlace({ top: element.scrollTop, height: element.clientHeight - (head.current?.offsetHeight ?? 0), row });
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);

  // Who has scrolled down keeps looking at the same events while newer ones come in above.
  useLayoutEffect(() => {
    const element = frame.current;
    const before = newest.current;
    newest.current = rows[0]?.key;
    if (!element || before === undefined || element.scrollTop === 0) return;
    const moved = rows.findIndex((row) => row.key === before);
    if (moved > 0) element.scrollTop += moved * place.row;
  }, [rows]);

  const at = rows.findIndex((row) => row.key === (active ?? chosen));
  /** @param {number} to */
  const move = (to) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    const row = rows[next];
    const element = frame.current;
    if (!row || !element) return;
    setActive(row.key);
    if (row.kind === 'event' && chosen !== null) onChoose(row);
    const top = next * place.row;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + place.row > element.scrollTop + place.height) element.scrollTop = top + place.row - place.height;
  };
  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    const page = Math.max(1, Math.floor(place.height / place.row) - 1);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1, PageDown: at + page, PageUp: at - page }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === 'Enter' && rows[at]?.kind === 'event') {
      event.preventDefault();
      onChoose(/** @type {EventRow} */ (rows[at]));
    } else if (event.key === ' ') {
      event.preventDefault();
      onPause();
    }
  };
  useLayoutEffect(() => setActive(chosen), [chosen]);

  const first = Math.max(0, Math.floor(place.top / place.row) - BEYOND);
  const last = Math.min(rows.length, Math.ceil((place.top + place.height) / place.row) + BEYOND);
  return html`<div
    class="events-table"
    role="grid"
    tabindex="0"
    ref=${frame}
    onKeyDown=${keys}
    aria-label=${t.list}
    aria-rowcount=${rows.length + 1}
    aria-describedby="events-keys"
    aria-activedescendant=${at >= first && at < last && at >= 0 ? `event-${rows[at].key}` : undefined}
  >
    <div class="events-head" role="row" aria-rowindex="1" ref=${head}>
      <span role="columnheader">${t.columns.name}</span><span role="columnheader">${t.columns.data}</span>
      <span role="columnheader">${t.columns.device}</span><span role="columnheader">${t.columns.time}</span>
    </div>
    <div class="events-space" role="rowgroup" style=${{ height: `${rows.length * place.row}px` }}>
      <div role="presentation" style=${{ transform: `translateY(${first * place.row}px)` }}>
        ${rows.slice(first, last).map(
          (row, n) => html`<${Line}
            key=${row.key}
            row=${row}
            index=${first + n + 2}
            active=${row.key === active}
            chosen=${row.key === chosen}
            onChoose=${onChoose}
            deviceName=${deviceName}
          />`,
        )}
      </div>
    </div>
    <p class="hidden" id="events-keys">${t.keys}</p>
  </div>`;
}

/**
 * @param {{row: Row, index: number, active: boolean, chosen: boolean, onChoose: (row: EventRow) => void,
 *   deviceName: (row: EventRow) => string}} props
 */
function Line({ row, index, active, chosen, onChoose, deviceName }) {
  const id = `event-${row.key}`;
  if (row.kind !== 'event') {
    const words = row.kind === 'gap' ? t.gap(clockText(row.from), clockText(row.to)) : t.left(row.n);
    return html`<div class="events-gap" role="row" id=${id} aria-rowindex=${index}>
      <span role="gridcell"><${Icon} name="unplug" size=${14} /> ${words}</span>
    </div>`;
  }
  const classes = `events-row${active ? ' events-row-active' : ''}${chosen ? ' events-row-chosen' : ''}`;
  const who = deviceName(row);
  return html`<div class=${classes} role="row" id=${id} aria-rowindex=${index} aria-selected=${String(chosen)} onClick=${() => onChoose(row)}>
    <span class="events-name" role="gridcell" title=${row.name}>${row.name}</span>
    <span class="events-data" role="gridcell">${brief(row)}</span>
    <span class="events-device" role="gridcell" title=${who}>${who}</span>
    <span class="events-time num" role="gridcell">${clockText(row.time)}</span>
  </div>`;
}

/** The begin of the data, on one line. @param {EventRow} row */
function brief(row) {
  if (row.data === null || row.data === '') return html`<span class="muted">${t.noData}</span>`;
  if (row.binary) return html`<span class="muted">${t.bytes(sizeOf(row))}</span>`;
  return row.data.length > 300 ? `${row.data.slice(0, 300)}…` : row.data;
}

/** Bytes of the data. @param {EventRow} row */
export function sizeOf(row) {
  if (row.data === null) return 0;
  if (!row.binary) return new TextEncoder().encode(row.data).length;
  return Math.floor((row.data.length * 3) / 4) - (row.data.endsWith('==') ? 2 : row.data.endsWith('=') ? 1 : 0);
}
