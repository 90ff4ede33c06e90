/** Calls of the server: both public APIs as the signed-in person, and the console's own. */
import { signal, useEffect, useMemo, useRef } from '../html.js';
import { live } from './live.js';
import { session, signedInAgain, space } from './session.js';
import { sentence } from './sentence.js';
import { t } from '../strings/app.js';

/** @typedef {object} Call one request and what came back, for showing
 * @property {string} method
 * @property {string} url address on the public API (or /console/api/…)
 * @property {Record<string, string>} headers what somebody else would send; tokens are names of variables
 * @property {string | null} body
 * @property {number} status 0: no answer
 * @property {unknown} reply
 * @property {number} took milliseconds
 */
/** @typedef {object} Options
 * @property {Record<string, string | number | boolean | null | undefined | Array<string | number>>} [query]
 * @property {unknown} [body] sent as JSON; a Blob or FormData as it is
 * @property {Record<string, string | number | boolean>} [form] sent as a form
 * @property {AbortSignal} [signal]
 * @property {Record<string, string>} [headers]
 * @property {boolean} [anyone] works without being signed in
 * @property {(call: Call) => void} [onCall]
 */
/** @typedef {(method: string, path: string, options?: Options) => Promise<any>} Caller */
/** @typedef {{iot: Caller, v1: Caller, own: Caller, oauth: Caller, signal: AbortSignal}} Api */

export class ApiError extends Error {
  /** @param {number} status @param {string} message @param {any} [detail] @param {Call} [call] */
  constructor(status, message, detail, call) {
    super(message);
    this.name = 'ApiError';
    /** HTTP status, 0 where nothing answered. */
    this.status = status;
    /** The decoded answer. */
    this.detail = detail;
    this.call = call;
    /** The field that was refused, where the server named one. @type {string | undefined} */
    this.field = typeof detail?.field === 'string' ? detail.field : undefined;
  }
}

/** @param {string} prefix @param {string} path @param {Options['query']} query */
function address(prefix, path, query) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== '') search.append(name, String(each));
    }
  }
  const text = search.toString();
  return `${prefix}${path}${text ? (path.includes('?') ? '&' : '?') + text : ''}`;
}

/** @param {Response} answer */
async function decode(answer) {
  const type = answer.headers.get('content-type') ?? '';
  if (/^(application\/octet-stream|image\/|application\/zip)/.test(type)) return answer.blob();
  const text = await answer.text();
  if (!text) return null;
  if (/json/.test(type)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

/** @param {'iot' | 'v1' | 'own' | 'oauth'} door @param {string} method @param {string} path @param {Options} options
 * @param {boolean} again @returns {Promise<any>} */
async function send(door, method, path, options, again) {
  const slash = path.startsWith('/') ? path : `/${path}`;
  const shown = address({ iot: '/iot', v1: '', own: '/console/api', oauth: '' }[door], prefixed(door, slash), options.query);
  const url = door === 'own' ? shown : `/console${shown}`;
  /** @type {Record<string, string>} */
  const headers = { ...options.headers };
  /** @type {BodyInit | undefined} */
  let body;
  if (options.form) {
    body = new URLSearchParams(Object.entries(options.form).map(([name, value]) => [name, String(value)]));
    headers['Content-Type'] = 'application/x-www-form-urlencoded';
  } else if (options.body instanceof Blob || options.body instanceof FormData) {
    body = options.body;
  } else if (options.body !== undefined) {
    body = JSON.stringify(options.body);
    headers['Content-Type'] = 'application/json';
  }
  /** @type {Record<string, string>} */
  const sent = { Accept: 'application/json', ...headers };
  if (space.value) sent['X-Space'] = space.value.id;
  if (door === 'iot' && space.value && space.value.kind !== 'personal') headers['X-Organization'] = space.value.id;
  if (door !== 'own') headers.Authorization = 'Bearer $TOKEN';
  const started = performance.now();
  /** @param {number} status @param {unknown} reply @returns {Call} */
  const record = (status, reply) => {
    const text = typeof body === 'string' ? body : body instanceof URLSearchParams ? body.toString() : body ? '@file' : null;
    const call = { method, url: shown, headers, body: text, status, reply, took: performance.now() - started };
    options.onCall?.(call);
    return call;
  };
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(url, { method, headers: sent, body, signal: options.signal, credentials: 'same-origin' });
  } catch (error) {
    if (/** @type {Error} */ (error).name === 'AbortError') throw error;
    throw new ApiError(0, t.unreachable, undefined, record(0, null));
  }
  const reply = await decode(answer);
  if (answer.status === 401 && !options.anyone && !again && session.value.signed_in) {
    await signedInAgain();
    return send(door, method, path, options, true);
  }
  const call = record(answer.status, reply);
  if (!answer.ok || (door === 'v1' && reply?.ok === false && reply?.error)) {
    throw new ApiError(answer.status, sentence(answer.status, reply), reply, call);
  }
  return reply;
}

/** Paths may be given with their version or without: `/v1/devices` and `/devices` are one.
 * @param {string} door @param {string} path */
function prefixed(door, path) {
  if (door === 'v1') return /^\/v1(\/|$)/.test(path) ? path : `/v1${path}`;
  if (door === 'oauth') return /^\/oauth(\/|$)/.test(path) ? path : `/oauth${path}`;
  return path;
}

/** The Arduino API: `iot('GET', '/v2/things')`. @type {Caller} */
export const iot = (method, path, options = {}) => send('iot', method, path, options, false);
/** The Particle API: `v1('GET', '/devices')` or `v1('GET', '/v1/devices')`. @type {Caller} */
export const v1 = (method, path, options = {}) => send('v1', method, path, options, false);
/** Tokens of the Particle API: `oauth('POST', '/token', {form})`. @type {Caller} */
export const oauth = (method, path, options = {}) => send('oauth', method, path, options, false);
/** The console's own API: `own('GET', 'devices')`. @type {Caller} */
export const own = (method, path, options = {}) => send('own', method, path, options, false);

/** @template T
 * @typedef {object} Load
 * @property {'loading' | 'ready' | 'error'} state
 * @property {T | undefined} data stays while it is loaded anew for other arguments
 * @property {ApiError | null} error
 * @property {boolean} busy a request is under way, also while what was there before is still shown
 * @property {() => Promise<void>} reload asks again and keeps showing what is there
 * @property {(data: T) => void} set puts in what is known without asking
 * @property {Call[]} calls what was asked, newest last
 */

/** Loads what a view shows, again whenever something of `deps` changes or another space is chosen.
 * @template T
 * @param {(api: Api) => Promise<T>} load
 * @param {unknown[]} [deps]
 * @returns {Load<T>} */
export function useLoad(load, deps = []) {
  const latest = useRef(load);
  latest.current = load;
  const current = useMemo(() => signal(/** @type {Load<T>} */ (/** @type {unknown} */ (null))), []);
  const control = useRef(/** @type {AbortController | null} */ (null));
  const run = useMemo(
    () => async (/** @type {boolean} */ fresh) => {
      control.current?.abort();
      const abort = new AbortController();
      control.current = abort;
      /** @type {Call[]} */
      const calls = [];
      const before = current.peek();
      const state = before?.state === 'ready' && !fresh ? 'ready' : 'loading';
      current.value = { ...before, state, error: null, busy: true };
      /** @param {Caller} caller @returns {Caller} */
      const recorded = (caller) => (method, path, options = {}) =>
        caller(method, path, { signal: abort.signal, onCall: (call) => calls.push(call), ...options });
      try {
        const data = await latest.current({
          iot: recorded(iot),
          v1: recorded(v1),
          own: recorded(own),
          oauth: recorded(oauth),
          signal: abort.signal,
        });
        if (abort.signal.aborted) return;
        current.value = { ...current.peek(), state: 'ready', data, error: null, busy: false, calls };
      } catch (error) {
        if (abort.signal.aborted) return;
        const told = error instanceof ApiError ? error : new ApiError(-1, t.broken(String(error)), error);
        if (!(error instanceof ApiError)) console.error(error);
        current.value = { ...current.peek(), state: 'error', error: told, busy: false, calls };
      }
    },
    [],
  );
  if (!current.peek()) {
    current.value = {
      state: 'loading',
      data: undefined,
      error: null,
      busy: true,
      calls: [],
      reload: () => run(false),
      set: (data) => {
        current.value = { ...current.peek(), data, state: 'ready', error: null };
      },
    };
  }
  useEffect(() => {
    void run(true);
  }, [...deps, space.value?.id]);
  useEffect(
    () =>
      live.state.subscribe((state) => {
        // What could not be reached is asked for again; what is shown stays, so that nothing typed into it is lost.
        if (state === 'open' && current.peek()?.error?.status === 0) void run(false);
      }),
    [],
  );
  useEffect(() => () => control.current?.abort(), []);
  return current.value;
}
