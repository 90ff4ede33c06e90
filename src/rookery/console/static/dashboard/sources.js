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
import { own, v1 } from '../api/rest.js';
import { computed, signal } from '../html.js';
import { numberOf } from '../ui/history.js';
import { unitOf } from '../widgets/types.js';
import { createCell } from './bound.js';
import { argumentOf, valueOf } from './parse.js';

/** A board answers a variable in 0.1 to 3 s and pays for each: every five seconds is what an eye needs. */
const POLL = 5_000;
/** After answers that failed, up to this. */
const POLL_SLOWEST = 60_000;
/** Points kept for charts: an hour at one a second. */
const KEPT = 3_600;

/** Events of the board looked back at. */
const BEFORE = 200;

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

/** @param {{looking?: boolean}} [options] looking: nothing can be asked or written here */
export function createSources({ looking = false } = {}) {
  /** @type {Map<string, {bound: Bound, stop: () => void}>} */
  const known = new Map();

  /** @param {Source} source @param {{readOnly?: boolean}} options */
  function make(source, options) {
    const type = source.type ?? (source.kind === 'function' ? 'CHARSTRING' : 'FLOAT');
    const board = signal(/** @type {{online: boolean, time: number|null}|null} */ (null));
    const gone = signal(false);
    const path = `/v1/devices/${encodeURIComponent(source.device)}/${encodeURIComponent(source.name)}`;
    /** @type {Begun} */
    let begun = NOTHING;
    const cell = createCell({
      value: null,
      at: null,
      settles: () => true,
      onUse: (used) => begun.onUse?.(used),
      send: async (value) => {
        await v1('POST', path, { body: { arg: argumentOf(value, source) } });
      },
    });
    /** @type {[number, any][]} */
    const seen = [];
    /** @param {number} ms @param {any} value */
    const take = (ms, value) => {
      seen.push([ms, value]);
      if (seen.length > KEPT) seen.shift();
      cell.receive(ms, value, true);
    };
    if (!looking) begun = begin[source.kind]({ source, type, path, take, board, gone });
    const { ready } = begun;
    const writable = source.kind === 'function' && !options.readOnly && !looking;
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
        begun.stop();
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

/** @typedef {{source: Source, type: string, path: string, take: (ms: number, value: any) => void,
 *   board: import('../html.js').Signal<any>, gone: import('../html.js').Signal<boolean>}} Context */

/** @typedef {{stop: () => void, ready?: Promise<unknown>, onUse?: (used: boolean) => void}} Begun `ready`: what was there
 *   before is here; `onUse`: whether anybody looks */

/** @type {Begun} */
const NOTHING = { stop: () => undefined };

/** @type {Record<string, (context: Context) => Begun>} how each kind hears of its board */
const begin = {
  variable({ path, type, take, board, gone }) {
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    let used = false;
    let asking = false;
    let wait = POLL;
    const ask = async () => {
      clearTimeout(timer);
      if (!used || asking || document.hidden) return;
      asking = true;
      try {
        const reply = await v1('GET', path);
        board.value = { online: true, time: Date.now() };
        gone.value = false;
        wait = POLL;
        take(Date.now(), valueOf(reply.result, type));
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
    const stop = () => {
      used = false;
      clearTimeout(timer);
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
  function: (context) => ({ stop: presence(context) }),
  event(context) {
    const { source, type, take } = context;
    let newest = 0;
    const hear = (/** @type {any} */ event) => {
      if (event.name !== source.name || event.binary || newest >= event.time) return;
      newest = event.time;
      take(event.time, valueOf(event.data, type));
    };
    const stops = [
      presence(context),
      live.on(source.id ? `device-events/${source.id}` : `events/${source.name}`, (message) => {
        // The sender of an event is named by the id that boards of its kind have.
        if (message.k === 'event' && message.source === source.device) hear(message);
      }),
    ];
    const ready = source.id
      ? own('GET', `devices/${source.id}/events`, { query: { limit: BEFORE } }).then(
          ({ events }) => [...events].reverse().forEach(hear),
          // The stream goes on without what was before.
          () => undefined,
        )
      : undefined;
    return { stop: () => stops.forEach((stop) => stop()), ready };
  },
};

/** @param {Context} context */
function presence({ source, board }) {
  if (!source.id) return () => undefined;
  return live.on(`device/${source.id}`, (message) => {
    if (message.k === 'presence') board.value = { online: message.online, time: message.time };
  });
}
