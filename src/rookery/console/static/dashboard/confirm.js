/**
 * When a written value counts as arrived: only when the board says it has it. What the server says it was told is not
 * enough, and what somebody else wrote in between is not ours.
 *
 * @typedef {{value: any, since: number, state: 'sending'|'unconfirmed'|'failed', message: string}} Pending
 */

/** Milliseconds after which a page stops to wait and says so. */
export const PATIENCE = 5_000;

/** Boards keep 32-bit numbers: a value comes back with seven digits. */
const CLOSE = 1e-6;

/** @param {any} a @param {any} b @returns {boolean} */
export function same(a, b) {
  if (typeof a === 'number' && typeof b === 'number') {
    return a === b || Math.abs(a - b) <= CLOSE * Math.max(Math.abs(a), Math.abs(b));
  }
  if (a && b && typeof a === 'object' && typeof b === 'object') {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => same(a[key], b[key]));
  }
  return a === b;
}

/**
 * What an arriving value means for one that is pending: null where it is confirmed or overtaken, else as it was.
 * @param {Pending|null} pending @param {any} value @param {boolean} fromBoard
 * @returns {Pending|null}
 */
export function heard(pending, value, fromBoard) {
  if (!pending || !fromBoard) return pending;
  if (same(pending.value, value)) return null;
  // A board that goes on with another value after the wait has decided: the page shows what it does.
  return pending.state === 'sending' ? pending : null;
}
