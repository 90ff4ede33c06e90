/** Which variables a kind can show or set. Pure. */
import { family } from '../types.js';

/** @typedef {import('./contract.js').Variable} Variable */
/** @typedef {import('../types.js').Family} Family */

/** Every variable is of one of these families. @param {...Family} families @returns {(variables: Variable[]) => boolean} */
export const reads =
  (...families) =>
  (variables) =>
    variables.every((one) => families.includes(family(one.type)));

/** Every variable is of one of these families and may be set. @param {...Family} families @returns {(variables: Variable[]) => boolean} */
export const writes = (...families) => {
  const fit = reads(...families);
  return (variables) => fit(variables) && variables.every((one) => one.permission !== 'READ_ONLY');
};

/** @param {Variable[]} variables */
export const settable = (variables) => variables.every((one) => one.permission !== 'READ_ONLY');

/** A number an option holds, or what is used without. @param {any} value @param {number} without */
export const number = (value, without) => {
  const found = value === '' || value === null || value === undefined ? NaN : Number(value);
  return Number.isFinite(found) ? found : without;
};

/**
 * The lowest and highest value of a control; an order that makes no sense is put right.
 * @param {any} options
 * @param {number} [low]
 * @param {number} [high]
 * @returns {[number, number]}
 */
export function limits(options, low = 0, high = 100) {
  const [min, max] = [number(options.min, low), number(options.max, high)];
  return min < max ? [min, max] : min === max ? [min, min + 1] : [max, min];
}

/** How far one step of a control goes: what is set, else 1, or a hundredth of a short range of a float. @param {any} options @param {string} type @param {[number, number]} range */
export function stepOf(options, type, [min, max]) {
  const set = number(options.step, 0);
  if (set > 0) return set;
  if (family(type) === 'int') return 1;
  const fine = 10 ** Math.floor(Math.log10((max - min) / 100));
  return Math.min(fine, 1);
}

/** Rid a value of the dust of binary fractions: 0.30000000000000004 is 0.3. @param {number} value @param {number} step */
export function tidy(value, step) {
  const digits = Math.min(Math.max(0, -Math.floor(Math.log10(step)) + 1), 12);
  return Number(value.toFixed(digits));
}
