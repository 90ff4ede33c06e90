/** Land and borders of the world as lines of latitude and longitude, from the small text that is kept of them. Pure but for its loading. */
import { asset } from '../../style.js';

/** @typedef {[number, number]} Place latitude, longitude */
/** @typedef {{land: Place[][][], borders: Place[][]}} World */

/**
 * A line of steps: the first two numbers are where it begins, each further pair the way to the next point.
 * @param {number[]} steps longitude first
 * @param {number} size steps in a degree
 * @returns {Place[]}
 */
export function lineOf(steps, size) {
  /** @type {Place[]} */
  const line = [];
  let [x, y] = [0, 0];
  for (let at = 0; at + 1 < steps.length; at += 2) {
    x += steps[at];
    y += steps[at + 1];
    line.push([y / size, x / size]);
  }
  return line;
}

/** @param {{steps: number, land: number[][][], borders: number[][]}} packed @returns {World} */
export const unpack = ({ steps, land, borders }) => ({
  land: land.map((polygon) => polygon.map((ring) => lineOf(ring, steps))),
  borders: borders.map((line) => lineOf(line, steps)),
});

/** @type {Promise<World>|null} */
let loading = null;

/** The world, read once for all maps of a page. */
export function world() {
  loading ??= fetch(asset('vendor/world.json')).then(async (answer) => {
    if (!answer.ok) throw new Error(`${answer.status}`);
    return unpack(await answer.json());
  });
  loading.catch(() => {
    loading = null;
  });
  return loading;
}

/**
 * Degrees between the lines of a grid, so that about six fit.
 * @param {number} span degrees that are seen
 */
export function gridStep(span) {
  const rough = span / 6;
  const size = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((each) => each * size).find((each) => each >= rough) ?? rough;
}
