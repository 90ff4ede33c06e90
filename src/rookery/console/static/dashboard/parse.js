/** What travels between boards that speak text and widgets that want values. */

const TRUE = new Set(['1', 'true', 'on', 'high', 'yes', 'open']);
const FALSE = new Set(['0', 'false', 'off', 'low', 'no', 'closed']);

/**
 * The value that a board's answer or an event's data is; null where it is none of this type.
 * @param {any} data @param {string} type a property type
 * @returns {any}
 */
export function valueOf(data, type) {
  if (data === null || data === undefined) return null;
  if (type === 'CHARSTRING') return typeof data === 'string' ? data : JSON.stringify(data);
  if (type === 'STATUS') {
    if (typeof data === 'boolean') return data;
    const word = String(data).trim().toLowerCase();
    return TRUE.has(word) ? true : FALSE.has(word) ? false : null;
  }
  if (type === 'LOCATION' || type === 'COLOR_HSB') {
    const found = typeof data === 'string' ? json(data) : data;
    return found && typeof found === 'object' ? found : pair(data);
  }
  if (typeof data === 'boolean') return Number(data);
  const number = typeof data === 'number' ? data : Number.parseFloat(String(data).trim());
  return Number.isFinite(number) ? number : null;
}

/** @param {any} data "45.07,7.68" */
function pair(data) {
  const found = /^\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)/.exec(String(data));
  return found ? { lat: Number(found[1]), lon: Number(found[2]) } : null;
}

/** @param {string} text */
function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What a function gets: text, as everything is for it. @param {any} value @param {{on?: string, off?: string}} [words] */
export function argumentOf(value, { on = 'on', off = 'off' } = {}) {
  if (typeof value === 'boolean') return value ? on : off;
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value ?? '');
}

/** The type that fits the data of an event seen: what an added widget is offered as. @param {any} data @returns {string} */
export function typeOf(data) {
  const text = String(data ?? '').trim();
  if (text !== '' && Number.isFinite(Number(text))) return 'FLOAT';
  if (/^(true|false|on|off)$/i.test(text)) return 'STATUS';
  const found = json(text);
  if (found && typeof found === 'object' && Number.isFinite(found.lat) && Number.isFinite(found.lon)) return 'LOCATION';
  return 'CHARSTRING';
}
