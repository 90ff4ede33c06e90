/**
 * The events that the page shows: a bounded list, newest first, which can be paused.
 *
 * Events may come by the thousand: they are gathered and put into the list some times a second. What is paused waits in
 * a list of its own, bounded as well.
 */
import { batch, signal } from '../../html.js';

/** Events that are kept. More helps nobody who reads, and the payloads take memory. */
export const KEPT = 1_000;

/**
 * @typedef {object} EventRow
 * @property {'event'} kind
 * @property {string} key
 * @property {string} id
 * @property {string} name
 * @property {string | null} data text, or base64 when `binary`
 * @property {boolean} binary
 * @property {string} type
 * @property {string | null} device uuid
 * @property {string} source
 * @property {string | null} product
 * @property {number} time ms
 */
/** @typedef {{kind: 'gap', key: string, from: number, to: number}} Gap */
/** @typedef {{kind: 'left', key: string, n: number}} Left */
/** @typedef {EventRow | Gap | Left} Row */

/** Milliseconds between two drawings. */
const PACE = 100;

let serial = 0;
let lastRun = -PACE;

/** @param {any} message of the live connection @returns {EventRow} */
export function rowOf(message) {
  serial += 1;
  return {
    kind: 'event',
    key: `e${serial}`,
    id: String(message.id ?? ''),
    name: String(message.name ?? ''),
    data: typeof message.data === 'string' ? message.data : null,
    binary: Boolean(message.binary),
    type: String(message.type ?? ''),
    device: message.device ?? null,
    source: String(message.source ?? ''),
    product: message.product ?? null,
    time: Number(message.time) || Date.now(),
  };
}

/** @param {number} from @param {number} to @returns {Gap} */
export function gapOf(from, to) {
  serial += 1;
  return { kind: 'gap', key: `g${serial}`, from, to };
}

/** What tells an event from others, whether it came live or from what is kept. @param {EventRow} row */
function mark(row) {
  return `${row.time} ${row.name} ${row.data}`;
}

export class EventList {
  /** @param {(run: () => void) => void} later when to put what was gathered into the list */
  constructor(later) {
    this.later = later;
    this.rows = signal(/** @type {Row[]} */ ([]));
    this.paused = signal(false);
    /** Events that wait while it is paused. */
    this.waiting = signal(0);
    /** Events that have come, shown or gone. */
    this.seen = signal(0);
    /** @type {Row[]} oldest first */
    this.gathered = [];
    /** Counted since the signals were last set. */
    this.more = { seen: 0, waiting: 0 };
    this.due = false;
    this.topic = '';
  }

  /** Begin anew for another topic; the same one goes on. @param {string} topic @param {number | null} since a gap from then on */
  follow(topic, since) {
    if (topic !== this.topic) this.clear();
    else if (since !== null && this.rows.peek().length) this.add(gapOf(since, Date.now()));
    this.topic = topic;
  }

  /** @param {Row} row */
  add(row) {
    this.gathered.push(row);
    if (this.gathered.length > KEPT) this.gathered.splice(0, this.gathered.length - KEPT);
    if (row.kind === 'event') {
      this.more.seen += 1;
      if (this.paused.peek()) this.more.waiting += 1;
    }
    this.soon();
  }

  /** Events from before, newest first; they go below what has come since. @param {EventRow[]} rows */
  older(rows) {
    const shown = this.rows.peek();
    const known = new Set([...shown, ...this.gathered].map((row) => (row.kind === 'event' ? mark(row) : '')));
    const past = rows.filter((row) => !known.has(mark(row)));
    this.rows.value = [...shown, ...past].slice(0, KEPT);
  }

  soon() {
    if (this.due) return;
    this.due = true;
    this.later(() => {
      this.due = false;
      this.count();
      if (!this.paused.peek()) this.flush();
    });
  }

  count() {
    const { seen, waiting } = this.more;
    this.more = { seen: 0, waiting: 0 };
    batch(() => {
      this.seen.value += seen;
      this.waiting.value += waiting;
    });
  }

  flush() {
    if (!this.gathered.length) return;
    const fresh = this.gathered.reverse();
    this.gathered = [];
    this.rows.value = [...fresh, ...this.rows.peek()].slice(0, KEPT);
  }

  /** @param {boolean} paused */
  pause(paused) {
    this.count();
    if (paused) this.flush();
    this.paused.value = paused;
    if (paused) return;
    this.flush();
    this.waiting.value = 0;
  }

  clear() {
    this.gathered = [];
    this.more = { seen: 0, waiting: 0 };
    this.rows.value = [];
    this.waiting.value = 0;
    this.seen.value = 0;
  }
}

/**
 * Runs something soon: with the next frame when it has been quiet, otherwise so that it happens ten times a second. More
 * often nobody can read, and each time costs a drawing of the list.
 * @param {() => void} run
 */
export function calmly(run) {
  const wait = lastRun + PACE - performance.now();
  const now = () => {
    lastRun = performance.now();
    run();
  };
  if (wait > 0) setTimeout(now, wait);
  else requestAnimationFrame(now);
}
