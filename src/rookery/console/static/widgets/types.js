/**
 * What a property type holds, its unit, and how its values read as text (reference 6).
 *
 * The wire knows 132 types. Nearly all are one number with a meaning; the table below says which are not, and in what
 * unit a number is by the name of its type. A vendor's prefix says which assistant may speak of it and nothing else.
 */

import { wallTime } from '../ui/wall-time.js';

/** @typedef {'bool'|'int'|'float'|'string'|'location'|'color'|'dimmed'|'colored'|'television'|'schedule'|'time'|'object'} Family */

/** @type {Record<string, Family>} */
const FAMILIES = {
  STATUS: 'bool',
  HOME_LIGHT: 'bool',
  HOME_CONTACT_SENSOR: 'bool',
  HOME_SMART_PLUG: 'bool',
  HOME_SWITCH: 'bool',
  HOME_MOTION_SENSOR: 'bool',
  INT: 'int',
  COUNT: 'int',
  INFORMATION_CONTENT: 'int',
  ANALOG: 'int',
  CHARSTRING: 'string',
  TIME: 'time',
  LOCATION: 'location',
  COLOR_HSB: 'color',
  HOME_DIMMED_LIGHT: 'dimmed',
  HOME_COLORED_LIGHT: 'colored',
  HOME_TELEVISION: 'television',
  SCHEDULE: 'schedule',
  GENERIC_COMPLEX_PROPERTY: 'object',
  COLOR_RGB: 'object',
};

/** @type {Record<string, string>} */
const UNITS = {
  ENERGY: 'J',
  FORCE: 'N',
  TEMPERATURE: '°C',
  POWER: 'W',
  ELECTRIC_CURRENT: 'A',
  ELECTRIC_POTENTIAL: 'V',
  ELECTRICAL_RESISTANCE: 'Ω',
  CAPACITANCE: 'F',
  FREQUENCY: 'Hz',
  DATA_RATE: 'bit/s',
  HEART_BEATS: 'bpm',
  ACCELERATION: 'm/s²',
  AREA: 'm²',
  LENGTH: 'm',
  VELOCITY: 'm/s',
  MASS: 'kg',
  VOLUME: 'm³',
  FLOW_RATE: 'm³/s',
  ANGLE: 'rad',
  ILLUMINANCE: 'lx',
  LUMINOUS_FLUX: 'lm',
  LUMINANCE: 'cd/m²',
  LUMINOUS_INTENSITY: 'cd',
  LOGARITHMIC_QUANTITY: 'dB',
  PRESSURE: 'Pa',
  INFORMATION_CONTENT: 'bit',
  PERCENTAGE: '%',
  PERCENTAGE_RELATIVE_HUMIDITY: '%',
  HOME_TEMPERATURE: '°C',
  HOME_TEMPERATURE_C: '°C',
  HOME_TEMPERATURE_F: '°F',
  AMPERE: 'A',
  BECQUEREL: 'Bq',
  BEL: 'B',
  BIT: 'bit',
  BIT_PER_SECOND: 'bit/s',
  CANDELA: 'cd',
  CANDELA_PER_SQUARE_METER: 'cd/m²',
  COULOMB: 'C',
  CUBIC_METER: 'm³',
  CUBIC_METER_PER_SECOND: 'm³/s',
  DECIBEL: 'dB',
  DECIBEL_1W: 'dBW',
  DEGREES_LATITUDE: '°',
  DEGREES_LONGITUDE: '°',
  DEGREES_CELSIUS: '°C',
  EVENT_RATE_MINUTE: '1/min',
  EVENT_RATE_SECOND: '1/s',
  FARAD: 'F',
  GRAM: 'g',
  GRAY: 'Gy',
  HEART_RATE: 'bpm',
  HENRY: 'H',
  HERTZ: 'Hz',
  JOULE: 'J',
  KATAL: 'kat',
  KELVIN: 'K',
  KILOGRAM: 'kg',
  LENGHT_C: 'cm',
  LENGHT_I: 'in',
  LENGHT_M: 'm',
  LITER: 'l',
  LITER_PER_SECOND: 'l/s',
  LUMEN: 'lm',
  LUX: 'lx',
  METER: 'm',
  METER_PER_SECOND: 'm/s',
  METER_PER_SQUARE_SECOND: 'm/s²',
  MOLE: 'mol',
  NEWTON: 'N',
  OHM: 'Ω',
  PASCAL: 'Pa',
  PERCENTAGE_BATTERY_LEVEL: '%',
  PH_VALUE: 'pH',
  RADIAN: 'rad',
  SECOND: 's',
  SECONDS_BATTERY_LEVEL: 's',
  SIEMENS: 'S',
  SIEMENS_PER_METER: 'S/m',
  SIEVERT: 'Sv',
  SQUARE_METER: 'm²',
  STERADIAN: 'sr',
  TEMPERATURE_C: '°C',
  TEMPERATURE_F: '°F',
  TESLA: 'T',
  VOLT: 'V',
  WATT: 'W',
  WATT_PER_SQUARE_METER: 'W/m²',
  WEBER: 'Wb',
};

/** Units that stand without a space after the number. */
const TIGHT = new Set(['°', '%', '']);

/**
 * The type without the assistant's prefix.
 * @param {string} type
 */
export function bare(type) {
  return String(type ?? '').replace(/^(?:GOOGLE|SMART)_HOME_/, 'HOME_');
}

/**
 * What values of this type are. Types nobody knows are numbers, as nearly all are.
 * @param {string} type
 * @returns {Family}
 */
export function family(type) {
  return FAMILIES[bare(type)] ?? 'float';
}

/**
 * The unit of a type's numbers, '' where it has none.
 * @param {string} type
 */
export function unitOf(type) {
  return UNITS[bare(type)] ?? '';
}

/**
 * Whether values are one number that may be drawn over time and set with a slider.
 * @param {string} type
 */
export function isNumeric(type) {
  const kind = family(type);
  return kind === 'int' || kind === 'float';
}

/**
 * Whether this is a value a widget for this type can draw. null is no value yet, and fits always.
 * @param {any} value
 * @param {Family} kind
 */
export function holds(value, kind) {
  if (value === null || value === undefined) return true;
  switch (kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
    case 'float':
    case 'time':
      return typeof value === 'number' && Number.isFinite(value);
    case 'string':
      return typeof value === 'string';
    case 'location':
      return has(value, 'lat', 'lon');
    case 'color':
      return has(value, 'hue', 'sat', 'bri');
    case 'dimmed':
      return has(value, 'bri') && typeof value.swi === 'boolean';
    case 'colored':
      return has(value, 'hue', 'sat', 'bri') && typeof value.swi === 'boolean';
    case 'schedule':
      return has(value, 'frm', 'to', 'len', 'msk');
    default:
      return typeof value === 'object';
  }
}

/** @param {any} value @param {string[]} keys */
function has(value, ...keys) {
  return typeof value === 'object' && value !== null && keys.every((key) => Number.isFinite(value[key]));
}

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * A number as people read it: grouped, in the viewer's language, with as many digits as it deserves.
 * Without `decimals` five significant ones, so that 21.48 keeps its hundredths and 101325 loses nothing.
 * @param {number} value
 * @param {number|null} [decimals]
 */
export function formatNumber(value, decimals) {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e12 || (size < 1e-4 && typeof decimals !== 'number'))) {
    return value.toExponential(3).replace('e+', 'e').replace('-', '−');
  }
  const digits = typeof decimals === 'number' ? Math.max(0, Math.min(decimals, 12)) : digitsFor(size);
  const key = `${typeof decimals === 'number' ? 'f' : 'm'}${digits}`;
  let format = formats.get(key);
  if (!format) {
    const least = typeof decimals === 'number' ? digits : 0;
    format = new Intl.NumberFormat(undefined, { minimumFractionDigits: least, maximumFractionDigits: digits });
    formats.set(key, format);
  }
  const text = format.format(value);
  return /^-[0.,]+$/.test(text) ? text.slice(1) : text.replace('-', '−');
}

/** @param {number} size */
function digitsFor(size) {
  if (size === 0 || size >= 10000) return 0;
  if (size >= 1000) return 1;
  if (size >= 10) return 2;
  if (size >= 1) return 3;
  return Math.min(8, 3 - Math.floor(Math.log10(size)));
}

/**
 * Number and unit, with the space that the unit wants.
 * @param {string} number
 * @param {string} unit
 */
export function withUnit(number, unit) {
  return unit ? `${number}${TIGHT.has(unit) ? '' : '\u202f'}${unit}` : number;
}

/**
 * A value as one line of text. Composites show their components by name; what does not fit its type shows as it is.
 * @param {any} value
 * @param {string} type
 * @param {{unit?: string, decimals?: number|null, on?: string, off?: string, none?: string, zone?: string}} [how]
 * @returns {string}
 */
export function formatValue(value, type, how = {}) {
  const kind = family(type);
  if (value === null || value === undefined) return how.none ?? '–';
  if (typeof value === 'number') {
    if (kind === 'time') return wallTime(value);
    return withUnit(formatNumber(value, how.decimals), how.unit ?? unitOf(type));
  }
  if (typeof value === 'boolean') return value ? (how.on ?? 'On') : (how.off ?? 'Off');
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if (!holds(value, kind)) return JSON.stringify(value);
  switch (kind) {
    case 'location':
      return `${formatNumber(value.lat, 5)}, ${formatNumber(value.lon, 5)}`;
    case 'color':
      return `${Math.round(value.hue)}° ${Math.round(value.sat)}% ${Math.round(value.bri)}%`;
    case 'dimmed':
      return `${formatValue(value.swi, 'STATUS', how)}, ${Math.round(value.bri)}%`;
    case 'colored':
      return `${formatValue(value.swi, 'STATUS', how)}, ${Math.round(value.hue)}° ${Math.round(value.sat)}% ${Math.round(value.bri)}%`;
    default:
      return JSON.stringify(value);
  }
}

/**
 * A value that looks real, for pictures of widgets that are bound to nothing yet.
 * @param {string} type
 * @returns {any}
 */
export function sampleOf(type) {
  switch (family(type)) {
    case 'bool':
      return true;
    case 'int':
      return 42;
    case 'string':
      return 'Hello from the board';
    case 'time':
      return 1767250800;
    case 'location':
      return { lat: 45.0703, lon: 7.6869 };
    case 'color':
      return { hue: 18, sat: 80, bri: 95 };
    case 'dimmed':
      return { swi: true, bri: 60 };
    case 'colored':
      return { swi: true, hue: 210, sat: 70, bri: 80 };
    case 'television':
      return { swi: true, vol: 20, mut: false, pbc: 255, inp: 0, cha: 1 };
    case 'schedule':
      return { frm: 1767250800, to: 0, len: 1800, msk: (2 << 26) | 0b0111110 };
    case 'object':
      return { a: 1, b: 2 };
    default:
      return unitOf(type) === '%' ? 56.4 : unitOf(type) === 'Pa' ? 101325 : 21.48;
  }
}
