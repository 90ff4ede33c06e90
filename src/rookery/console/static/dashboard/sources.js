/**
 * Variables, functions and events of a board of the other dialect as widgets see variables.
 *
 * A variable is asked of the board while somebody looks at the page. A function takes what is written as its argument; its
 * answer is the confirmation. An event gives a value with its data. No history of a variable is kept for any of these:
 * a chart begins with the events that the server still has and grows while the page is open.
 *
 * @typedef {{device: string, name: string, kind: 'variable'|'function'|'event', type?: string, device_name?: string, id?: string,
 *   on?: string, off?: string}} Source
 *   `device` is the 24-digit id, `id` the other one, `type` a property type as arduino-rest.md §6 has them; `on` and `off`
 *   are what a function is told for true and false
 * @typedef {import('./bound.js').Bound} Bound
 */
import { live } from '../api/live.js';
import { computed, signal } from '../html.js';
import { numberOf } from '../ui/history.js';
import { unitOf } from '../widgets/types.js';
import { createCell } from './bound.js';
import { inOrder } from './order.js';
import { argumentOf, valueOf } from './parse.js';
import { OWN } from './ways.js';

/** Milliseconds between two questions after answers that failed, up to this. */
const POLL_SLOWEST = 60_000;
/** Points kept for charts: an hour at one a second. */
const KEPT = 3_600;

/** @type {Record<string, string>} types of variables of such boards */
export const TYPES = { int: 'INT', int32: 'INT', double: 'FLOAT', number: 'FLOAT', bool: 'STATUS', string: 'CHARSTRING' };

/** @param {Source} source */
export const sourceId = (source) => `source:${source.device}/${source.kind}/${source.name}`;

/** @param {any} source @returns {source is Source} */
export const isSource = (source) =>
  Boolean(source) &&
  typeof source.device === 'string' &&
  typeof source.name === 'string' &&
  ['variable', 'function', 'event'].includes(source.kind);

/** @param {import('./ways.js').Way} [way] who is asked for boards, and may what; without it the API, as the person */
export function createSources(way = OWN) {
  /** @type {Map<string, {bound: Bound, stop: () => void}>} */
  const known = new Map();

  /** @param {Source} source @param {{readOnly?: boolean}} options */
  function make(source, options) {
    const type = source.type ?? (source.kind === 'function' ? 'CHARSTRING' : 'FLOAT');
    const board = signal(/** @type {{online: boolean, time: number|null}|null} */ (null));
    const gone = signal(false);
    /** @type {Begun|undefined} */
    let begun;
    const cell = createCell({
      value: null,
      at: null,
      settles: () => true,
      onUse: (used) => begun?.onUse?.(used),
      send: async (value) => way.call?.(source, argumentOf(value, source)),
    });
    /** @type {[number, any][]} */
    const seen = [];
    /** @param {number} ms @param {any} value */
    const take = (ms, value) => {
      seen.push([ms, value]);
      if (seen.length > KEPT) seen.shift();
      cell.receive(ms, value, true);
    };
    const { ready, stop } = (begun = begin[source.kind]({ source, type, way, take, board, gone }));
    const writable = source.kind === 'function' && !options.readOnly && way.call !== undefined;
    /** @type {Bound} */
    const bound = {
      id: sourceId(source),
      name: source.name,
      variable_name: source.name,
      type,
      permission: source.kind === 'function' ? 'READ_WRITE' : 'READ_ONLY',
      thing_id: source.device,
      thing_name: source.device_name ?? source.device,
      unit: unitOf(type),
      timezone: '',
      value: cell.value,
      at: cell.at,
      pending: cell.pending,
      shown: cell.shown,
      state: computed(() => {
        if (gone.value) return 'gone';
        return live.state.value === 'lost' || board.value?.online === false ? 'offline' : 'live';
      }),
      board,
      writable,
      write: cell.write,
      series: async ({ from, to }) => {
        await ready;
        return { points: seen.filter(([ms]) => ms >= from && ms <= to).map(([ms, v]) => [ms, numberOf(v)]) };
      },
      onPoint: cell.onPoint,
      recent: async (limit) => {
        await ready;
        return seen.slice(-limit);
      },
      source: { device: source.device, kind: source.kind, name: source.name },
    };
    return {
      bound,
      stop: () => {
        stop();
        cell.close();
      },
    };
  }

  return {
    /** @param {Source} source @param {{readOnly?: boolean}} [options] @returns {Bound} */
    bind(source, options = {}) {
      const key = JSON.stringify([source, options.readOnly === true]);
      let entry = known.get(key);
      if (!entry) known.set(key, (entry = make(source, options)));
      return entry.bound;
    },
    close() {
      for (const { stop } of known.values()) stop();
      known.clear();
    },
  };
}

/** @typedef {{source: Source, type: string, way: import('./ways.js').Way, take: (ms: number, value: any) => void,
 *   board: import('../html.js').Signal<any>, gone: import('../html.js').Signal<boolean>}} Context */

/** @typedef {{stop: () => void, ready?: Promise<unknown>, onUse?: (used: boolean) => void}} Begun `ready`: what was there
 *   before is here; `onUse`: whether anybody looks */

/** @type {Record<Source['kind'], (context: Context) => Begun>} how each kind hears of its board */
const begin = {
  variable(context) {
    const { source, type, way, take, board, gone } = context;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    let used = false;
    let asking = false;
    let wait = way.poll;
    let newest = 0;
    const ask = async () => {
      clearTimeout(timer);
      if (!used || asking || document.hidden) return;
      asking = true;
      try {
        const [time, value] = await way.value(source);
        board.value = { online: true, time: Date.now() };
        gone.value = false;
        wait = way.poll;
        // The server may have remembered it: the same answer is no other point of a chart.
        if (time > newest) take((newest = time), valueOf(value, type));
      } catch (error) {
        const status = /** @type {any} */ (error).status;
        // 404 is a variable or board that is not there, 408 and the like one that does not answer now.
        if (status === 404) gone.value = true;
        else if (status) board.value = { online: false, time: board.peek()?.time ?? null };
        wait = Math.min(wait * 2, POLL_SLOWEST);
      }
      asking = false;
      timer = setTimeout(ask, wait);
    };
    const seen = () => {
      if (!document.hidden) void ask();
    };
    document.addEventListener('visibilitychange', seen);
    const off = listen(context, undefined, (online) => {
      if (!online || wait === way.poll || !used || asking) return;
      // It is back, so the long pause after failures is over.
      wait = way.poll;
      clearTimeout(timer);
      timer = setTimeout(ask, wait);
    });
    const stop = () => {
      used = false;
      clearTimeout(timer);
      off();
      document.removeEventListener('visibilitychange', seen);
    };
    const onUse = (/** @type {boolean} */ now) => {
      used = now;
      clearTimeout(timer);
      // A tile that is drawn anew leaves and comes back within the same moment.
      if (now) timer = setTimeout(ask, 0);
    };
    return { stop, onUse };
  },
  function: (context) => ({ stop: listen(context) }),
  event(context) {
    const { source, type, way, take } = context;
    let newest = 0;
    const hear = (/** @type {import('./ways.js').Published} */ event) => {
      if (event.name !== source.name || event.binary || newest >= event.time) return;
      newest = event.time;
      take(event.time, valueOf(event.data, type));
    };
    // A point of a chart is newer than the one before it.
    const before = way.before(source).then((events) => [...events].reverse());
    const ordered = inOrder(before, hear, KEPT);
    return { stop: listen(context, ordered.hear), ready: ordered.ready };
  },
};

/** @param {Context} context @param {(event: import('./ways.js').Published) => void} [event] @param {(online: boolean) => void} [presence] */
function listen({ source, way, board, gone }, event, presence) {
  return way.listen(source, {
    event: (published) => event?.(published),
    presence: (now) => {
      board.value = now;
      gone.value = false;
      presence?.(now.online);
    },
    gone: () => {
      gone.value = true;
    },
  });
}
