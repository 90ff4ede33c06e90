/**
 * History for charts: few values are asked for as they were stored, many as bins with least, mean and most.
 *
 * The last thousand stored values of a range are asked for first, which is what the API gives at most. When they are all
 * there are, they are the chart. When there may be more, the range is asked for again in bins as wide as the chart can
 * show. What charts of one page ask in the same moment goes out in one call.
 */
import { bandOf, gapAfter, intervalFor, pace, withGaps } from './bins.js';

/** @typedef {import('./bins.js').Point} Point */
/** @typedef {import('./bins.js').Bin} Bin */
/** @typedef {{points: Point[], band?: undefined} | {band: Bin[], points?: undefined}} History */
/** @typedef {(path: string, body: any, signal?: AbortSignal) => Promise<any>} Call */
/** @typedef {{times: number[], values: any[]}} Answer */

/** What one property gives raw in one answer (reference 5.1). */
const RAW_LIMIT = 1000;
/** Requests of a call: 40 000 values, far from what the server refuses, and an answer the browser reads at once. */
const AT_ONCE = 40;
const RAW = '/v2/series/batch_query_raw';
const BINS = '/v2/series/batch_query';

/** @type {Call} */
async function publicly(path, body) {
  const { iot } = await import('../api/rest.js');
  return iot('POST', path, { body });
}

/**
 * @typedef {object} Wanted
 * @property {number} from ms
 * @property {number} to ms, excluded
 * @property {number} [points] about how many the chart can show
 * @property {boolean} [held] a value holds until the next one, as of a switch: silence is no gap
 * @property {AbortSignal} [signal]
 * @property {Call} [call] who asks the API; without it the person's session
 */

/**
 * The history of a numeric or boolean property, ascending, thinned to about `points`; gaps are rows of null.
 * @param {string} property
 * @param {Wanted} wanted
 * @returns {Promise<History>}
 */
export async function series(property, { from, to, points = 400, held = false, signal, call = publicly }) {
  const ask = { q: `property.${property}`, from: iso(from), to: iso(to) };
  const limit = Math.min(Math.max(points * 2, 200), RAW_LIMIT);
  const raw = await enqueue(call, RAW, { ...ask, sort: 'DESC', series_limit: limit }, signal);
  if (raw.times.length < limit) {
    const rows = raw.times.map((time, at) => /** @type {Point} */ ([time, numberOf(raw.values[at])])).reverse();
    return { points: held ? rows : withGaps(rows, gapAfter(pace(rows.map(([time]) => time)))) };
  }
  const interval = intervalFor(from, to, points);
  const [mean, least, most] = await Promise.all(
    ['AVG', 'MIN', 'MAX'].map((aggregation) =>
      enqueue(call, BINS, { ...ask, aggregation, interval, series_limit: RAW_LIMIT }, signal),
    ),
  );
  const half = interval * 500;
  const band = bandOf(mean, least, most).map(
    ([time, ...values]) => /** @type {Bin} */ ([Math.min(Math.max(time + half, from), to), ...values]),
  );
  return { band: held ? band : withGaps(band, Math.max(interval * 1500, gapAfter(pace(mean.times)))) };
}

/** @param {number} ms */
const iso = (ms) => new Date(Math.round(ms)).toISOString();

/** Switches are 0 and 1 in a chart; what is no number is a gap. @param {any} value */
export function numberOf(value) {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** @typedef {{request: any, signal?: AbortSignal, done: (answer: Answer) => void, fail: (error: any) => void}} Waiting */

/** @type {Map<Call, Map<string, Waiting[]>>} */
const queues = new Map();

/**
 * @param {Call} call
 * @param {string} path
 * @param {any} request
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
function enqueue(call, path, request, signal) {
  return new Promise((done, fail) => {
    let paths = queues.get(call);
    if (!paths) queues.set(call, (paths = new Map()));
    let waiting = paths.get(path);
    if (!waiting) {
      paths.set(path, (waiting = []));
      setTimeout(() => flush(call, path), 0);
    }
    waiting.push({ request, signal, done, fail });
  });
}

/** @param {Call} call @param {string} path */
function flush(call, path) {
  const paths = queues.get(call);
  const waiting = paths?.get(path) ?? [];
  paths?.delete(path);
  if (!paths?.size) queues.delete(call);
  const wanted = waiting.filter((each) => {
    if (!each.signal?.aborted) return true;
    each.fail(each.signal.reason);
    return false;
  });
  for (let at = 0; at < wanted.length; at += AT_ONCE) send(call, path, wanted.slice(at, at + AT_ONCE));
}

/** @param {Call} call @param {string} path @param {Waiting[]} group */
async function send(call, path, group) {
  try {
    const answer = await call(path, { resp_version: 1, requests: group.map((each) => each.request) });
    group.forEach(({ signal, done, fail }, at) => {
      const one = answer?.responses?.[at];
      if (signal?.aborted) fail(signal.reason);
      else if (!one || one.status !== 'ok') fail(new Error(one?.message || 'There is no answer for this variable.'));
      else done({ times: one.times.map((/** @type {string} */ time) => Date.parse(time)), values: one.values });
    });
  } catch (error) {
    for (const { fail } of group) fail(error);
  }
}

/**
 * The newest stored values of any type, oldest first.
 * @param {string} property
 * @param {{limit?: number, signal?: AbortSignal, call?: Call}} [how]
 * @returns {Promise<[number, any][]>}
 */
export async function recent(property, { limit = 50, signal, call = publicly } = {}) {
  const request = { q: `property.${property}`, sort: 'DESC', series_limit: Math.min(limit, RAW_LIMIT) };
  const found = await enqueue(call, RAW, request, signal);
  return found.times.map((time, at) => /** @type {[number, any]} */ ([time, found.values[at]])).reverse();
}
