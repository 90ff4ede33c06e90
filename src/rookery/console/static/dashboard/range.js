/**
 * The time range of a dashboard as it stands in the address: `?range=24h`, or `?range=<from>..<to>` with both ends in
 * ISO 8601, UTC, seconds.
 *
 * @typedef {{name: string, from: number, to: number, live: boolean}} Range ms since 1970; a live one ends now
 */

const HOUR = 3_600_000;

/** @type {Record<string, number>} the ranges with a name, in ms */
export const SPANS = { '1h': HOUR, '6h': 6 * HOUR, '24h': 24 * HOUR, '7d': 7 * 24 * HOUR, '30d': 30 * 24 * HOUR };
/** What a board says in its first hour is seen to move; longer ranges are one press away. */
export const USUAL = '1h';

/** A chart of less than this shows nothing that is not rounding. */
export const SHORTEST = 1_000;

/**
 * What the address says; whatever cannot be read is the usual range.
 * @param {string|null|undefined} text @param {number} now @returns {Range}
 */
export function parseRange(text, now) {
  const custom = /^([^.]+(?:\.\d+)?Z?)\.\.(.+)$/.exec(text ?? '');
  if (custom) {
    const from = Date.parse(custom[1] ?? '');
    const to = Date.parse(custom[2] ?? '');
    if (to - from >= SHORTEST) return { name: 'custom', from, to, live: false };
  }
  const name = text && Object.hasOwn(SPANS, text) ? text : USUAL;
  return { name, from: now - /** @type {number} */ (SPANS[name]), to: now, live: true };
}

/** As it goes into the address. @param {number} from @param {number} to */
export function formatRange(from, to) {
  const [start, end] = from < to ? [from, to] : [to, from];
  return `${stamp(Math.floor(start / 1000) * 1000)}..${stamp(Math.max(Math.ceil(end / 1000), Math.floor(start / 1000) + 1) * 1000)}`;
}

/** @param {number} ms */
const stamp = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
