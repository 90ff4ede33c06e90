/** All kinds of widgets, in the order in which they are offered. */
import advancedChart from './advanced-chart.js';
import chart from './chart.js';
import color from './color.js';
import coloredLight from './colored-light.js';
import dimmedLight from './dimmed-light.js';
import gauge from './gauge.js';
import image from './image.js';
import imageMap from './image-map.js';
import led from './led.js';
import map from './map.js';
import messenger from './messenger.js';
import percentage from './percentage.js';
import pushButton from './push-button.js';
import scheduler from './scheduler.js';
import slider from './slider.js';
import status from './status.js';
import stepper from './stepper.js';
import stickyNote from './sticky-note.js';
import switch_ from './switch.js';
import timePicker from './time-picker.js';
import value from './value.js';
import valueDropdown from './value-dropdown.js';
import valueSelector from './value-selector.js';
import { unknown } from './unknown.js';
import { style } from '../style.js';

await Promise.all(
  ['', '-values', '-lights', '-time', '-text', '-map', '-settings'].map((part) => style(`widgets${part}`)),
);

/** @typedef {import('./lib/contract.js').Kind} Kind */
/** @typedef {import('./lib/contract.js').Variable} Variable */

// prettier-ignore
/** @type {Kind[]} */
export const kinds = [
  switch_, pushButton, slider, stepper, value, status, gauge, percentage, led, chart, advancedChart, map, color, dimmedLight,
  coloredLight, timePicker, scheduler, messenger, valueDropdown, valueSelector, stickyNote, image, imageMap,
];

/** @param {string} kind */
const plain = (kind) =>
  String(kind ?? '')
    .toLowerCase()
    .replace(/[\s_-]/g, '');

/** @type {Map<string, Kind>} */
const known = new Map(kinds.flatMap((kind) => [kind.kind, ...(kind.aliases ?? [])].map((name) => [plain(name), kind])));

/**
 * The kind of a wire text. One that nobody knows gets a placeholder that keeps all it came with.
 * @param {string} type
 * @returns {Kind}
 */
export function kindOf(type) {
  let kind = known.get(plain(type));
  if (!kind) known.set(plain(type), (kind = unknown(String(type ?? ''))));
  return kind;
}

/**
 * Kinds that can show or set these variables, the best first.
 * @param {Variable[]} variables
 * @returns {Kind[]}
 */
export function fitting(variables) {
  const rank = (/** @type {Kind} */ kind) => kind.rank?.(variables) ?? 5;
  return kinds
    .filter(
      (kind) =>
        kind.count[1] > 0 &&
        variables.length >= kind.count[0] &&
        variables.length <= kind.count[1] &&
        kind.fits(variables),
    )
    .map((kind, at) => /** @type {[Kind, number, number]} */ ([kind, rank(kind), at]))
    .sort((a, b) => b[1] - a[1] || a[2] - b[2])
    .map(([kind]) => kind);
}

/** Kinds without a variable. */
export const standalone = kinds.filter((kind) => kind.count[1] === 0);
