/** The scale of a curve: round numbers, round times, and where it pauses. */

/** A pause so many times the usual step is a time in which the server did not run. */
const GAP = 3.5;
const STEPS = [1, 2, 4, 5, 10];
const MINUTE = 60_000;
/** Distances between the times below the curve. */
const TICKS = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 10_080].map((minutes) => minutes * MINUTE);

/** The next round number, so that the scale reads well. @param {number} value */
export function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (STEPS.find((step) => step * power >= value) ?? 10) * power;
}

/** Round times of the viewer's zone. @param {number} from @param {number} to @param {number} most
 * @param {number} [zone] ms that the clock of the viewer is behind UTC */
export function roundTimes(from, to, most, zone = new Date(to).getTimezoneOffset() * MINUTE) {
  const step = TICKS.find((each) => (to - from) / each <= most) ?? TICKS[TICKS.length - 1];
  const times = [];
  for (let at = Math.ceil((from - zone) / step) * step + zone; at <= to; at += step) times.push(at);
  return times;
}

/** @param {Array<[number, number]>} points @returns {Array<Array<[number, number]>>} runs without gaps */
export function runs(points) {
  const steps = points.slice(1).map(([ms], at) => ms - points[at][0]).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] || Infinity;
  /** @type {Array<Array<[number, number]>>} */
  const out = [];
  points.forEach((point, at) => {
    if (at === 0 || point[0] - points[at - 1][0] > usual * GAP) out.push([]);
    out[out.length - 1].push(point);
  });
  return out;
}
