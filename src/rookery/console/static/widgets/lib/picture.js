/** Images that people give: which bytes are one, which addresses may be loaded. Pure. */

/** An image kept in a dashboard travels with each reading of it. */
export const MOST_BYTES = 256 * 1024;

/** First bytes of a format; null stands for any byte. */
const MARKS = /** @type {[string, (number|null)[]][]} */ ([
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38, null, 0x61]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50]],
  ['image/avif', [null, null, null, null, 0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66]],
]);

/**
 * The media type that the first bytes say, null when they are none of an image. SVG is none: it can be a program.
 * @param {Uint8Array} bytes
 * @returns {string|null}
 */
export function imageType(bytes) {
  return (
    MARKS.find(
      ([, mark]) => bytes.length > mark.length && mark.every((byte, at) => byte === null || bytes[at] === byte),
    )?.[0] ?? null
  );
}

/**
 * A data: address of an image.
 * @param {Uint8Array} bytes
 * @param {string} type
 */
export function dataAddress(bytes, type) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return `data:${type};base64,${btoa(text)}`;
}

/**
 * An address an image may be loaded from: https, or data: of one of the formats above. null for all others.
 * @param {any} text
 * @returns {string|null}
 */
export function pictureAddress(text) {
  const trimmed = typeof text === 'string' ? text.trim() : '';
  if (/^https:\/\/[^\s/]+/i.test(trimmed) && URL.canParse(trimmed)) return trimmed;
  return /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=]+$/.test(trimmed) ? trimmed : null;
}

/**
 * The address with something in it that makes the browser ask again.
 * @param {string} address
 * @param {number} turn
 */
export function fresh(address, turn) {
  if (!turn || address.startsWith('data:')) return address;
  const url = new URL(address);
  url.searchParams.set('_', String(turn));
  return url.href;
}
