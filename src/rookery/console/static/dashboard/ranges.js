/** The time range that all charts of a dashboard share, kept in the address. */
import { html, useEffect, useMemo, useState } from '../html.js';
import { signal } from '../html.js';
import { setQuery } from '../router.js';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { Field } from '../ui/field.js';
import { SPANS, USUAL, formatRange, parseRange } from './range.js';
import t from '../strings/dashboard.js';

/** @typedef {import('./range.js').Range} Range */

/** How often "now" moves for charts that follow it by themselves. */
const TICK = 10_000;

/**
 * The range of the address as a signal, and how to change it.
 * @param {string|undefined} text `range` of the query
 */
export function useRange(text) {
  const range = useMemo(() => signal(parseRange(text, Date.now())), []);
  useEffect(() => {
    range.value = parseRange(text, Date.now());
    if (!range.peek().live) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) range.value = parseRange(text, Date.now());
    }, TICK);
    return () => clearInterval(timer);
  }, [text]);
  const setRange = useMemo(
    () => (/** @type {number|null} */ from, /** @type {number} */ to = 0) => setQuery({ range: from === null ? null : formatRange(from, to) }, { replace: false }),
    [],
  );
  return { range, setRange };
}

/** @param {{range: import('../html.js').Signal<Range>, setRange: (from: number|null, to?: number) => void}} props */
export function RangePicker({ range, setRange }) {
  const { name, from, to } = range.value;
  const [open, setOpen] = useState(false);
  return html`<div class="db-range" role="group" aria-label=${t.range.label}>
    ${Object.keys(SPANS).map(
      (each) => html`<button
        key=${each}
        type="button"
        class="db-segment"
        aria-pressed=${String(name === each)}
        title=${t.range.long[/** @type {'1h'} */ (each)]}
        onClick=${() => setQuery({ range: each === USUAL ? null : each })}
      >
        ${t.range.names[/** @type {'1h'} */ (each)]}
      </button>`,
    )}
    <button type="button" class="db-segment" aria-pressed=${String(name === 'custom')} onClick=${() => setOpen(true)}>
      ${name === 'custom' ? spoken(from, to) : t.range.custom}
    </button>
    ${open ? html`<${Custom} from=${from} to=${to} setRange=${setRange} onClose=${() => setOpen(false)} />` : null}
  </div>`;
}

/** @param {number} from @param {number} to */
function spoken(from, to) {
  const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
  const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const sameDay = day.format(from) === day.format(to);
  return sameDay
    ? `${day.format(from)}, ${time.format(from)} – ${time.format(to)}`
    : `${day.format(from)} ${time.format(from)} – ${day.format(to)} ${time.format(to)}`;
}

/** As the field of a browser wants it: local, to the minute. @param {number} ms */
function local(ms) {
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {{from: number, to: number, setRange: (from: number|null, to?: number) => void, onClose: () => void}} props */
function Custom({ from, to, setRange, onClose }) {
  const [start, setStart] = useState(local(from));
  const [end, setEnd] = useState(local(to));
  const [error, setError] = useState('');
  return html`<${Dialog}
    open=${true}
    title=${t.range.title}
    confirmLabel=${t.range.apply}
    onClose=${onClose}
    onConfirm=${() => {
      if (!(Date.parse(end) > Date.parse(start))) return setError(t.range.order);
      setRange(Date.parse(start), Date.parse(end));
      return onClose();
    }}
  >
    <${Field} label=${t.range.from} type="datetime-local" value=${start} onInput=${setStart} autofocus=${true} />
    <${Field} label=${t.range.to} type="datetime-local" value=${end} onInput=${setEnd} error=${error || null} />
    <p><${Button} small=${true} label=${t.range.live} onClick=${() => (setRange(null), onClose())} /></p>
  <//>`;
}
