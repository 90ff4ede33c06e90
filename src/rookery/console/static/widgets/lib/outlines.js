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
    // A step over the date line is a short one the other way: what lies beyond 180° is drawn there.
    if (at && Math.abs(steps[at]) > 180 * size) x -= Math.sign(steps[at]) * 360 * size;
    line.push([y / size, x / size]);
  }
  return line;
}

/** @param {{steps: number, land: number[][][], borders: number[][]}} packed @returns {World} */
export const unpack = ({ steps, land, borders }) => ({
  land: land.map((polygon) => polygon.map((ring) => lineOf(ring, steps))),
  borders: borders.map((line) => lineOf(line, steps)),
});

/**
 * The shapes, and once more on the other side of the date line: those near it for a map of a region, all for one that
 * shows the whole world.
 * @template {Place[]|Place[][]} Shape
 * @param {Shape[]} shapes
 * @param {boolean} all
 * @returns {Shape[]}
 */
export function around(shapes, all) {
  /** @type {Shape[]} */
  const out = [...shapes];
  for (const shape of shapes) {
    const line = /** @type {Place[]} */ (typeof shape[0][0] === 'number' ? shape : shape[0]);
    const [low, high] = line.reduce(
      ([least, most], [, x]) => [Math.min(least, x), Math.max(most, x)],
      [Infinity, -Infinity],
    );
    if (all || high > 150) out.push(/** @type {Shape} */ (shifted(shape, -360)));
    if (all || low < -150) out.push(/** @type {Shape} */ (shifted(shape, 360)));
  }
  return out;
}

/** @param {any} shape @param {number} by @returns {any} */
const shifted = (shape, by) =>
  typeof shape[0] === 'number' ? [shape[0], shape[1] + by] : shape.map((/** @type {any} */ one) => shifted(one, by));

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
