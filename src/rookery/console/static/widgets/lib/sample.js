/** Variables that are bound to nothing but themselves: what is written comes back after a moment. For pictures of widgets. */
import { computed, signal } from '../../html.js';
import { family, sampleOf, unitOf } from '../types.js';

const ANSWER = 400;

/** A calm wave, the same for the same moment. @param {number} ms @param {number} middle */
export const wave = (ms, middle) =>
  middle +
  Math.sin(ms / 700_000) * Math.max(Math.abs(middle) * 0.12, 1) +
  Math.sin(ms / 97_000) * Math.max(Math.abs(middle) * 0.02, 0.2);

/**
 * @param {string} type
 * @param {{name?: string, value?: any, writable?: boolean, pending?: import('./contract.js').Pending, state?: string, timezone?: string, points?: 'none'|'band'|'gaps', texts?: [number, any, boolean?][]}} [how]
 * @returns {import('./contract.js').Bound & {push: (ms: number, value: any, fromBoard?: boolean) => void}}
 */
export function sampleBound(
  type,
  {
    name = type,
    value: first = sampleOf(type),
    writable = true,
    pending: waiting,
    state = 'live',
    timezone = 'Europe/Rome',
    points,
    texts,
  } = {},
) {
  const value = signal(first);
  const at = signal(/** @type {number|null} */ (first === null ? null : Date.now() - 4_000));
  const pending = signal(/** @type {import('./contract.js').Pending|null} */ (waiting ?? null));
  /** @type {Set<(ms: number, value: any, fromBoard?: boolean) => void>} */
  const heard = new Set();
  const bool = family(type) === 'bool';
  const push = (/** @type {number} */ ms, /** @type {any} */ next, fromBoard = true) => {
    value.value = next;
    at.value = ms;
    for (const fn of heard) fn(ms, next, fromBoard);
  };
  return {
    id: `sample-${name}-${type}`,
    name,
    variable_name: name,
    type,
    permission: 'READ_WRITE',
    thing_id: 'sample',
    thing_name: 'Garden',
    unit: unitOf(type),
    timezone,
    value,
    at,
    pending,
    shown: computed(() => (pending.value ? pending.value.value : value.value)),
    state: signal(state),
    board: signal({ id: 'sample', online: state === 'live', time: null }),
    writable,
    async write(next) {
      pending.value = { value: next, since: Date.now(), state: 'sending' };
      await new Promise((done) => setTimeout(done, ANSWER));
      if (pending.peek()?.value !== next) return;
      push(Date.now(), next, false);
      pending.value = null;
    },
    async series({ from, to }) {
      if (points === 'none') return { points: [] };
      const middle = typeof first === 'number' ? first : 0.5;
      const rows = Array.from({ length: 240 }, (_, row) => from + ((to - from) * row) / 239);
      if (points === 'band') {
        return { band: rows.map((ms) => [ms, wave(ms, middle) - 0.6, wave(ms, middle), wave(ms, middle) + 0.8]) };
      }
      return {
        points: rows.map((ms, row) => [
          ms,
          points === 'gaps' && row > 90 && row < 130
            ? null
            : bool
              ? Number(Math.sin(ms / 500_000) > 0)
              : wave(ms, middle),
        ]),
      };
    },
    onPoint(fn) {
      heard.add(fn);
      return () => heard.delete(fn);
    },
    async recent() {
      return texts ?? [];
    },
    push,
  };
}
