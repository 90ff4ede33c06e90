/** Values to choose from. Pure. */
import { family } from '../types.js';

/** @typedef {{value: any, label: string}} Choice */

/**
 * The choices of the options, as values of the variable's type; what can not be one is left out.
 * @param {any} options
 * @param {string} type
 * @returns {Choice[]}
 */
export function choicesOf(options, type) {
  const numeric = family(type) !== 'string';
  return (Array.isArray(options.values) ? options.values : []).flatMap((/** @type {any} */ one) => {
    const raw = one !== null && typeof one === 'object' ? one.value : one;
    if (raw === undefined || raw === null) return [];
    const value = numeric ? Number(raw) : String(raw);
    if (typeof value === 'number' && (!Number.isFinite(value) || raw === '')) return [];
    return [{ value, label: String(one?.label || value) }];
  });
}

/** Choices to begin with. @param {string} [type] */
export const firstChoices = (type = 'INT') =>
  family(type) === 'string'
    ? ['low', 'medium', 'high'].map((value) => ({ value, label: value[0].toUpperCase() + value.slice(1) }))
    : [0, 1, 2].map((value) => ({ value, label: String(value) }));
