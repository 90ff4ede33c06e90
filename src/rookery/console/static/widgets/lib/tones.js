/** Colours a widget may be given, by name: the fixed order of series, and the three that mean something. Pure. */

export const SERIES = 8;
/** @type {Record<string, string>} */
const MEANING = { moss: 'ok', amber: 'warning', rose: 'error' };
export const TONES = ['moss', 'amber', 'rose', ...Array.from({ length: SERIES }, (_, at) => `series-${at + 1}`)];

/**
 * The CSS colour of a tone, of the vendor's "Color 2" or of a number from 1.
 * @param {any} name
 * @param {string} [without]
 */
export function toneOf(name, without = 'series-1') {
  const text = String(name ?? '')
    .trim()
    .toLowerCase();
  if (TONES.includes(text)) return `var(--${MEANING[text] ?? text})`;
  const counted = /^(?:colou?r\s*)?(\d{1,2})$/.exec(text);
  if (counted && Number(counted[1]) > 0) return `var(--series-${((Number(counted[1]) - 1) % SERIES) + 1})`;
  return `var(--${MEANING[without] ?? without})`;
}

/** @typedef {{value: number, color: string}} Threshold from this value on, this colour */

/**
 * Thresholds of the options, ascending; what is none is left out.
 * @param {any} given
 * @returns {Threshold[]}
 */
export function thresholdsOf(given) {
  return (Array.isArray(given) ? given : [])
    .filter((one) => one && Number.isFinite(Number(one.value)) && one.value !== '' && one.value !== null)
    .map((one) => ({ value: Number(one.value), color: String(one.color ?? '') }))
    .sort((a, b) => a.value - b.value);
}

/**
 * The name of the colour a value has: that of the highest threshold it reaches.
 * @param {number} value
 * @param {Threshold[]} thresholds
 * @param {string} without
 */
export function toneAt(value, thresholds, without) {
  let tone = without;
  for (const one of thresholds) if (value >= one.value) tone = one.color;
  return tone;
}
