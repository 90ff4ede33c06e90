/** History on a page that nobody signed in to: the link is asked instead of the API. */
import { own } from '../api/rest.js';
import { numberOf } from '../ui/history.js';

/** Bins that lack for so long are a gap, not a slow board. */
const GAP = 3;

/** @param {string} token @returns {{series: (id: string, wanted: any) => Promise<any>, recent: (id: string, limit: number) => Promise<any>}} */
export function sharedHistory(token) {
  const path = `shared/${encodeURIComponent(token)}/series`;
  return {
    async series(id, { from, to, points = 400, signal }) {
      const query = { variable: id, from: Math.floor(from), to: Math.ceil(to), points: Math.round(points) };
      const answer = await own('GET', path, { query, signal, anyone: true });
      if (!answer.band) return { points: answer.points.map((/** @type {[number, any]} */ [ms, value]) => [ms, numberOf(value)]) };
      /** @type {any[]} */
      const band = [];
      for (const bin of answer.band) {
        const before = band.at(-1);
        if (before && bin[0] - before[0] > GAP * answer.interval) band.push([before[0] + answer.interval, null, null, null]);
        band.push(bin);
      }
      return { band };
    },
    async recent(id, limit) {
      const to = Date.now();
      const answer = await own('GET', path, { query: { variable: id, from: 0, to, points: limit }, anyone: true });
      return (answer.points ?? []).slice(-limit);
    },
  };
}
