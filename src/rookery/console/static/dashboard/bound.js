/**
 * Variables as widgets see them. One binder serves a page: it listens to each thing once, however many widgets show its
 * variables, and keeps what was written and is not confirmed yet. See `confirm.js` for what counts as confirmed.
 *
 * @typedef {import('./document.js').Linked} Linked
 * @typedef {import('./confirm.js').Pending} Pending
 * @typedef {{points: [number, number|null][], band?: undefined} | {band: any[][], points?: undefined}} History
 * @typedef {{from: number, to: number, points?: number, signal?: AbortSignal}} Wanted
 * @typedef {{online: boolean, time: number|null}} Board
 */
/**
 * @typedef {object} Bound
 * @property {string} id
 * @property {string} name
 * @property {string} variable_name
 * @property {string} type
 * @property {string} permission
 * @property {string} thing_id
 * @property {string} thing_name
 * @property {string} unit
 * @property {string} timezone
 * @property {import('../html.js').Signal<any>} value
 * @property {import('../html.js').Signal<number|null>} at ms
 * @property {import('../html.js').Signal<Pending|null>} pending
 * @property {import('../html.js').ReadonlySignal<any>} shown what is pending, else the value
 * @property {import('../html.js').ReadonlySignal<'live'|'offline'|'gone'>} state
 * @property {import('../html.js').ReadonlySignal<Board|null>} board null: nobody knows, or there is none
 * @property {boolean} writable
 * @property {(value: any) => Promise<void>} write
 * @property {(wanted: Wanted) => Promise<History>} series
 * @property {(fn: (ms: number, value: any, fromBoard: boolean) => void) => () => void} onPoint
 * @property {(limit: number) => Promise<[number, any][]>} [recent] stored values of any type, oldest first
 * @property {{device: string, kind: string, name: string}} [source]
 */
import { live } from '../api/live.js';
import { iot } from '../api/rest.js';
import { batch, computed, signal } from '../html.js';
import { recent, series } from '../ui/history.js';
import { family, unitOf } from '../widgets/types.js';
import { PATIENCE, heard, same } from './confirm.js';

const OWN = {
  series,
  /** @param {string} id @param {number} limit */
  recent: (id, limit) => recent(id, { limit }),
};

/**
 * What every bound variable keeps, whatever stands behind it.
 * @param {{value: any, at: number|null, send: (value: any) => Promise<any>, settles: () => boolean,
 *   onUse?: (used: boolean) => void}} how `send` rejects with a sentence; `settles` says whether being taken is being
 *   confirmed (a thing without a board); `onUse` hears when somebody begins to look at the value, and when nobody does
 */
export function createCell({ value: first, at: firstAt, send, settles, onUse }) {
  let users = 0;
  const use = (/** @type {number} */ by) => {
    const before = users;
    users += by;
    if ((before > 0) !== users > 0) onUse?.(users > 0);
  };
  const value = signal(first ?? null, { watched: () => use(1), unwatched: () => use(-1) });
  const at = signal(firstAt);
  const pending = signal(/** @type {Pending|null} */ (null));
  const shown = computed(() => (pending.value ? pending.value.value : value.value));
  /** @type {Set<(ms: number, value: any, fromBoard: boolean) => void>} */
  const listeners = new Set();
  let sending = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;

  /** @type {[number, any]|null} the newest that does not show yet */
  let waiting = null;
  let last = -Infinity;
  const show = () => {
    if (!waiting) return;
    [at.value, value.value] = waiting;
    waiting = null;
  };

  /** @param {number} ms @param {any} next @param {boolean} fromBoard */
  function receive(ms, next, fromBoard) {
    const before = pending.peek();
    const after = heard(before, next, fromBoard);
    // The echo of our own write by the server is no news of the board.
    if (after && !fromBoard && same(after.value, next)) return;
    const time = performance.now();
    const quiet = time - last > QUIET;
    last = time;
    waiting = [ms, next];
    if (quiet || after !== before) {
      batch(() => {
        pending.value = after;
        show();
      });
    } else soon(show);
    for (const fn of listeners) fn(ms, next, fromBoard);
  }

  /** Counts what was written, so that an answer is known to be of the newest or not. */
  let turn = 0;

  /** @param {any} next */
  async function write(next) {
    turn += 1;
    pending.value = { value: next, since: Date.now(), state: 'sending', message: '' };
    clearTimeout(timer);
    timer = setTimeout(() => {
      const now = pending.peek();
      if (now?.state === 'sending') pending.value = { ...now, state: 'unconfirmed' };
    }, PATIENCE);
    // A slider sends more than a line takes: the newest goes when the one before has been answered.
    if (sending) return;
    sending = true;
    try {
      for (let done = 0; done !== turn; ) {
        done = turn;
        const sent = pending.peek();
        // The board may have confirmed it in the meantime.
        if (!sent) break;
        let message = '';
        try {
          await send(sent.value);
        } catch (error) {
          message = /** @type {Error} */ (error).message || String(error);
        }
        const now = pending.peek();
        if (done !== turn || !now) continue;
        if (message) pending.value = { ...now, state: 'failed', message };
        else if (settles()) receive(Date.now(), now.value, true);
      }
    } finally {
      sending = false;
    }
  }

  return {
    value,
    at,
    pending,
    shown,
    receive,
    write,
    /** @param {(ms: number, value: any, fromBoard: boolean) => void} fn @returns {() => void} */
    onPoint(fn) {
      listeners.add(fn);
      use(1);
      return () => {
        if (listeners.delete(fn)) use(-1);
      };
    },
    close: () => {
      clearTimeout(timer);
      changing.delete(show);
    },
  };
}

/** What changes more often than this waits for the tick that all such values share: nobody reads twenty texts a second. */
const QUIET = 100;
const TICK = 80;
/** @type {Set<() => void>} */
const changing = new Set();

/** @param {() => void} show */
function soon(show) {
  if (changing.size === 0) {
    setTimeout(() => {
      const all = [...changing];
      changing.clear();
      batch(() => all.forEach((each) => each()));
    }, TICK);
  }
  changing.add(show);
}

/** @typedef {ReturnType<typeof createCell>} Cell */
/** @typedef {{board: import('../html.js').Signal<Board|null>, attached: boolean, gone: import('../html.js').Signal<boolean>, off: () => void}} Hub */

/**
 * @param {object} options
 * @param {(thing: string) => void} [options.onChanged] a thing was changed: its variables may be others now
 * @param {{series: (id: string, wanted: any) => Promise<any>, recent: (id: string, limit: number) => Promise<any>}} [options.history]
 *   who is asked for history; without it the API, as the person
 * @param {boolean} [options.looking] nothing can be written here
 */
export function createBinder({ onChanged, history = OWN, looking = false } = {}) {
  /** @type {Map<string, Cell>} */
  const cells = new Map();
  /** @type {Map<string, Hub>} */
  const hubs = new Map();

  /** @param {string} thing */
  function hubOf(thing) {
    const known = hubs.get(thing);
    if (known) return known;
    /** @type {Hub} */
    const hub = { board: signal(/** @type {Board|null} */ (null)), attached: true, gone: signal(false), off: () => undefined };
    hubs.set(thing, hub);
    hub.off = live.on(`thing/${thing}`, (message) => {
      if (message.k === 'snapshot') {
        hub.attached = message.board !== null;
        hub.board.value = message.board ? { online: message.board.online, time: message.board.time } : null;
        hub.gone.value = false;
      }
      if (message.k === 'presence') hub.board.value = { online: message.online, time: message.time };
      if (message.k === 'changed') onChanged?.(thing);
      if (message.k === 'error' && message.status === 404) {
        hub.gone.value = true;
        onChanged?.(thing);
      }
      for (const [id, ms, value, fromBoard] of message.v ?? []) {
        const cell = cells.get(id);
        // A snapshot repeats what is known, it is no point of a chart.
        if (cell && !(message.k === 'snapshot' && cell.at.peek() === ms)) cell.receive(ms, value, fromBoard === true);
      }
    });
    return hub;
  }

  /** @param {Linked} linked */
  function cellOf(linked) {
    let cell = cells.get(linked.id);
    if (!cell) {
      const updated = linked.last_value_updated_at ? Date.parse(linked.last_value_updated_at) : null;
      cell = createCell({
        value: linked.last_value,
        at: Number.isNaN(updated) ? null : updated,
        send: async (value) => {
          await iot('PUT', `/v2/things/${linked.thing_id}/properties/${linked.id}/publish`, { body: { value } });
        },
        settles: () => !hubs.get(linked.thing_id)?.attached,
      });
      cells.set(linked.id, cell);
    }
    return cell;
  }

  /**
   * @param {Linked} linked @param {{readOnly?: boolean}} [options] of the widget @returns {Bound}
   */
  function bind(linked, options = {}) {
    const hub = hubOf(linked.thing_id);
    const cell = cellOf(linked);
    return {
      id: linked.id,
      name: linked.name,
      variable_name: linked.variable_name,
      type: linked.type,
      permission: linked.permission,
      thing_id: linked.thing_id,
      thing_name: linked.thing_name,
      unit: unitOf(linked.type),
      timezone: linked.thing_timezone?.name ?? '',
      value: cell.value,
      at: cell.at,
      pending: cell.pending,
      shown: cell.shown,
      state: computed(() => {
        if (hub.gone.value) return 'gone';
        return live.state.value === 'lost' || hub.board.value?.online === false ? 'offline' : 'live';
      }),
      board: hub.board,
      writable: linked.permission === 'READ_WRITE' && !options.readOnly && !looking,
      write: cell.write,
      series: (wanted) => history.series(linked.id, { ...wanted, held: family(linked.type) === 'bool' }),
      onPoint: cell.onPoint,
      recent: (limit) => history.recent(linked.id, limit),
    };
  }

  return {
    bind,
    close() {
      for (const hub of hubs.values()) hub.off();
      for (const cell of cells.values()) cell.close();
      hubs.clear();
      cells.clear();
    },
  };
}

/** @typedef {ReturnType<typeof createBinder>} Binder */
