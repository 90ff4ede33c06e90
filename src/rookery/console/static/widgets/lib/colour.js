/** Colour as boards say it (hue 0–360, saturation and brightness 0–100), as screens say it, and as words. Pure. */

/** @typedef {{hue: number, sat: number, bri: number}} Hsb */

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * Red, green and blue from 0 to 255.
 * @param {Hsb} colour
 * @returns {[number, number, number]}
 */
export function rgbOf({ hue, sat, bri }) {
  const h = (((Number(hue) || 0) % 360) + 360) % 360;
  const s = clamp(Number(sat) || 0, 0, 100) / 100;
  const v = clamp(Number(bri) || 0, 0, 100) / 100;
  /** @param {number} n */
  const part = (n) => {
    const k = (n + h / 60) % 6;
    return Math.round(255 * (v - v * s * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [part(5), part(3), part(1)];
}

/**
 * `#rrggbb`.
 * @param {Hsb} colour
 */
export function hexOf(colour) {
  return `#${rgbOf(colour)
    .map((part) => part.toString(16).padStart(2, '0'))
    .join('')}`;
}

/**
 * The colour of `#rgb` or `#rrggbb` (the mark may be left out), null when it is neither. Hue is whole degrees; a grey
 * has hue 0.
 * @param {string} text
 * @returns {Hsb|null}
 */
export function hsbOf(text) {
  const found = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(String(text).trim());
  if (!found) return null;
  const digits = found[1].length === 3 ? [...found[1]].map((one) => one + one).join('') : found[1];
  const [r, g, b] = [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16) / 255);
  const most = Math.max(r, g, b);
  const span = most - Math.min(r, g, b);
  let hue = 0;
  if (span) {
    if (most === r) hue = ((g - b) / span + 6) % 6;
    else if (most === g) hue = (b - r) / span + 2;
    else hue = (r - g) / span + 4;
  }
  return {
    hue: Math.round(hue * 60) % 360,
    sat: round(most ? (span / most) * 100 : 0),
    bri: round(most * 100),
  };
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

/**
 * Black or white, whichever reads better on this colour (relative luminance of WCAG 2).
 * @param {Hsb} colour
 * @returns {'#000'|'#fff'}
 */
export function inkOn(colour) {
  const [r, g, b] = rgbOf(colour).map((part) => {
    const c = part / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000' : '#fff';
}

const HUES = ['red', 'orange', 'yellow', 'lime', 'green', 'teal', 'cyan', 'azure', 'blue', 'violet', 'magenta', 'pink'];

/**
 * Which words name a colour: an index into twelve hues, or a grey, and how light it is. Strings turn it into a text.
 * @param {Hsb} colour
 * @returns {{hue: string, tone: 'black'|'white'|'grey'|'dark'|'pale'|'plain'}}
 */
export function wordsOf({ hue, sat, bri }) {
  const name = HUES[Math.round((((hue % 360) + 360) % 360) / 30) % 12];
  if (bri < 8) return { hue: name, tone: 'black' };
  if (sat < 8) return { hue: name, tone: bri > 90 ? 'white' : 'grey' };
  if (bri < 40) return { hue: name, tone: 'dark' };
  if (sat < 40) return { hue: name, tone: 'pale' };
  return { hue: name, tone: 'plain' };
}
