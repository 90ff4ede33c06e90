/** The one connection of a tab over which all live values arrive. */
import { batch, effect, signal, useEffect, useRef, useMemo } from '../html.js';
import { session, verify } from './session.js';

/** @typedef {{t?: string, k: string, [key: string]: any}} Message */
/** @typedef {{value: any, at: number, fromBoard: boolean}} LiveValue `at` is 0 while nothing is known */
/** @typedef {object} LiveThing
 * @property {Map<string, import('../html.js').Signal<LiveValue>>} values those known so far
 * @property {(variableId: string) => import('../html.js').Signal<LiveValue>} get also of a variable without a value yet
 * @property {import('../html.js').Signal<boolean>} ready the first values are here
 * @property {import('../html.js').Signal<number>} changed counts changes of the thing itself: load it again
 */

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** The server pings every 10 s; two that lack mean that nobody is there. */
const SILENCE = 25_000;
/** Topics that begin with more than what changes. */
const SNAPSHOTS = ['thing/', 'doorway/', 'dashboard-source/'];

/** @type {Map<string, Set<(message: Message) => void>>} */
const listeners = new Map();
/** @type {WebSocket | null} */
let socket = null;
let wait = FIRST_WAIT;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let silence;
/** @type {string | null} */
let share = null;
let wanted = false;

const state = signal(/** @type {'connecting' | 'open' | 'lost'} */ ('connecting'));
/** When the connection was lost, in ms since 1970. */
const lostAt = signal(/** @type {number | null} */ (null));
/** When the next try is due. */
const nextTry = signal(/** @type {number | null} */ (null));
/** Messages that the server left out because this page was too slow. */
const dropped = signal(0);
/** Which start of the server is talking: another one means that it was restarted. */
const start = signal(/** @type {string | number | null} */ (null));

/** @param {object} message */
function tell(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function heard() {
  clearTimeout(silence);
  silence = setTimeout(() => socket?.close(), SILENCE);
}

/** @param {Message} message */
function deliver(message) {
  if (message.k === 'hello') {
    if (start.value !== null && start.value !== message.start) restarted.forEach((each) => each());
    start.value = message.start ?? null;
  } else if (message.k === 'dropped') {
    dropped.value += Number(message.n) || 0;
  } else if (message.t) {
    for (const each of [...(listeners.get(message.t) ?? [])]) {
      try {
        each(message);
      } catch (error) {
        console.error(error);
      }
    }
  }
}

/** @type {Set<() => void>} */
const restarted = new Set();

function lose() {
  clearTimeout(silence);
  socket = null;
  if (!wanted) return;
  if (state.value !== 'lost') lostAt.value = Date.now();
  state.value = 'lost';
  // A little disorder, so that all tabs do not return in the same instant after a restart.
  const delay = wait * (0.8 + Math.random() * 0.4);
  nextTry.value = Date.now() + delay;
  clearTimeout(retry);
  retry = setTimeout(connect, delay);
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

function connect() {
  clearTimeout(retry);
  if (!wanted || socket) return;
  nextTry.value = null;
  const to = new URL('/console/live', location.href);
  to.protocol = to.protocol === 'https:' ? 'wss:' : 'ws:';
  if (share) to.searchParams.set('share', share);
  const opened = new WebSocket(to);
  let stood = false;
  socket = opened;
  heard();
  opened.onopen = () => {
    if (listeners.size) tell({ subscribe: [...listeners.keys()] });
  };
  opened.onmessage = ({ data }) => {
    if (socket !== opened) return;
    heard();
    if (!stood) {
      // Not before: something between may take the connection and have no server behind it.
      stood = true;
      wait = FIRST_WAIT;
      state.value = 'open';
      lostAt.value = null;
    }
    /** @type {Message[]} */
    const messages = JSON.parse(data);
    messages.forEach(deliver);
  };
  opened.onclose = () => {
    if (socket !== opened) return;
    lose();
    // Refused: perhaps not the connection has ended but the session.
    if (!stood && !share) void verify();
  };
}

/** Subscribes; the same topic is asked for once, whoever listens. Returns how to stop.
 * @param {string} topic
 * @param {(message: Message) => void} fn
 * @returns {() => void} */
function on(topic, fn) {
  const there = listeners.get(topic);
  if (there) {
    there.add(fn);
    // A snapshot is sent to a subscriber once: who comes later asks again.
    if (SNAPSHOTS.some((each) => topic.startsWith(each))) tell({ subscribe: [topic] });
  } else {
    listeners.set(topic, new Set([fn]));
    tell({ subscribe: [topic] });
  }
  return () => {
    const all = listeners.get(topic);
    all?.delete(fn);
    if (all && !all.size) {
      listeners.delete(topic);
      tell({ unsubscribe: [topic] });
    }
  };
}

/** Opens the connection: with the session, or with the token of a shared dashboard.
 * @param {{share?: string}} [options] */
function open(options = {}) {
  share = options.share ?? null;
  wanted = true;
  connect();
}

function close() {
  wanted = false;
  clearTimeout(retry);
  clearTimeout(silence);
  socket?.close();
  socket = null;
  // What nobody wants is not lost: the page that follows may be one that says why.
  state.value = 'connecting';
  lostAt.value = null;
  nextTry.value = null;
}

/** Tries at once, because the person asked or the network came back. */
function tryNow() {
  wait = FIRST_WAIT;
  if (state.value === 'lost') connect();
}

export const live = {
  state,
  lostAt,
  nextTry,
  dropped,
  start,
  on,
  open,
  close,
  tryNow,
  /** @param {() => void} fn called when the server was started anew @returns {() => void} */
  onRestart(fn) {
    restarted.add(fn);
    return () => restarted.delete(fn);
  },
};

addEventListener('online', tryNow);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') tryNow();
});
effect(() => {
  if (session.value.signed_in) open();
  else if (!share) close();
});

/** Listens to a topic while the component is there; null listens to nothing.
 * @param {string | null | undefined} topic
 * @param {(message: Message) => void} fn */
export function useLive(topic, fn) {
  const latest = useRef(fn);
  latest.current = fn;
  useEffect(() => (topic ? on(topic, (message) => latest.current(message)) : undefined), [topic]);
}

/** @typedef {{users: number, thing: LiveThing, listen: () => () => void, off: () => void}} Held */
/** @type {Map<string, Held>} */
const things = new Map();

/** @param {string} id @returns {Held} */
function makeThing(id) {
  /** @type {LiveThing['values']} */
  const values = new Map();
  const ready = signal(false);
  const changed = signal(0);
  /** @type {LiveThing['get']} */
  const get = (variable) => {
    let found = values.get(variable);
    if (!found) values.set(variable, (found = signal({ value: undefined, at: 0, fromBoard: false })));
    return found;
  };
  const listen = () =>
    on(`thing/${id}`, (message) => {
      if (message.k === 'changed') changed.value += 1;
      if (message.k !== 'snapshot' && message.k !== 'values') return;
      batch(() => {
        for (const [variable, at, value, fromBoard] of message.v) {
          get(variable).value = { value, at, fromBoard: !!fromBoard };
        }
        ready.value = true;
      });
    });
  return { users: 0, thing: { values, get, ready, changed }, listen, off: () => {} };
}

/** The live values of a thing. Components that use one value read only its signal: `useThing(id).get(variable).value`.
 * @param {string} thingId
 * @returns {LiveThing} */
export function useThing(thingId) {
  const held = useMemo(() => {
    let found = things.get(thingId);
    if (!found) things.set(thingId, (found = makeThing(thingId)));
    return found;
  }, [thingId]);
  useEffect(() => {
    if (held.users === 0) held.off = held.listen();
    held.users += 1;
    things.set(thingId, held);
    return () => {
      held.users -= 1;
      if (held.users > 0) return;
      held.off();
      if (things.get(thingId) === held) things.delete(thingId);
    };
  }, [held]);
  return held.thing;
}
