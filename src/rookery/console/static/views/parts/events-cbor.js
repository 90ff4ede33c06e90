/**
 * A small CBOR decoder (RFC 8949) for looking at what boards send, and the ways bytes are shown.
 *
 * Every well-formed item is read, indefinite lengths and unknown tags and simple values too; nothing is interpreted
 * but what a reader would want to see. Numbers beyond 2^53 stay exact as BigInt. What is not well-formed says so with
 * the place in the bytes.
 */

/** Nested deeper than this is not data but an attack on the stack. */
const DEPTH = 64;

const textDecoder = new TextDecoder('utf-8', { fatal: true });

export class CborError extends Error {
  /** @param {string} message @param {number} at offset in bytes */
  constructor(message, at) {
    super(`${message} (byte ${at})`);
    this.at = at;
  }
}

export class Tagged {
  /** @param {number | bigint} tag @param {unknown} value */
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

export class Simple {
  /** @param {number} number */
  constructor(number) {
    this.number = number;
  }
}

/**
 * The one item that these bytes are.
 *
 * Maps are `Map`, byte strings `Uint8Array`, tags `Tagged`, simple values without a meaning `Simple`.
 * @param {Uint8Array} bytes
 * @returns {unknown}
 * @throws {CborError} not well-formed, or there is more than one item
 */
export function decodeCbor(bytes) {
  const reader = new Reader(bytes);
  const value = reader.item(0);
  if (reader.at < bytes.length) throw new CborError(`${bytes.length - reader.at} bytes follow the item`, reader.at);
  return value;
}

const BREAK = Symbol('break');

class Reader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  /** @param {number} length @returns {number} where they begin */
  take(length) {
    const start = this.at;
    if (length > this.bytes.length - start) throw new CborError('The bytes end in the middle of an item', start);
    this.at += length;
    return start;
  }

  /** @param {number} depth @returns {unknown} */
  item(depth) {
    const start = this.at;
    const value = this.any(depth);
    if (value === BREAK) throw new CborError('A break without anything to end', start);
    return value;
  }

  /** @param {number} depth @returns {unknown} */
  any(depth) {
    const start = this.at;
    if (depth > DEPTH) throw new CborError(`Nested more than ${DEPTH} deep`, start);
    const first = this.bytes[this.take(1)];
    const major = first >> 5;
    const low = first & 31;
    if (low > 27 && low < 31) throw new CborError('Reserved length', start);
    if (major === 7) return this.special(low);
    if (low === 31) return this.indefinite(major, depth, start);
    const argument = this.argument(low);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return typeof argument === 'bigint' ? -1n - argument : exact(-1n - BigInt(argument));
      case 2:
        return this.chunk(argument);
      case 3:
        return this.text(argument, start);
      case 4:
        return this.list(this.count(argument, 1), depth);
      case 5:
        return this.map(this.count(argument, 2), depth);
      default:
        return new Tagged(argument, this.item(depth + 1));
    }
  }

  /** @param {number} low @returns {number | bigint} */
  argument(low) {
    if (low < 24) return low;
    if (low === 24) return this.view.getUint8(this.take(1));
    if (low === 25) return this.view.getUint16(this.take(2));
    if (low === 26) return this.view.getUint32(this.take(4));
    return exact(this.view.getBigUint64(this.take(8)));
  }

  /** A length that the bytes that are left can hold. @param {number | bigint} argument @param {number} least */
  count(argument, least) {
    if (Number(argument) * least > this.bytes.length - this.at) {
      throw new CborError('The bytes end in the middle of an item', this.at);
    }
    return Number(argument);
  }

  /** @param {number | bigint} length */
  chunk(length) {
    const start = this.take(this.count(length, 1));
    return this.bytes.slice(start, this.at);
  }

  /** @param {number | bigint} length @param {number} start */
  text(length, start) {
    try {
      return textDecoder.decode(this.chunk(length));
    } catch (error) {
      if (error instanceof CborError) throw error;
      throw new CborError('A text that is not UTF-8', start);
    }
  }

  /** @param {number} count @param {number} depth */
  list(count, depth) {
    const list = [];
    for (let n = 0; n < count; n += 1) list.push(this.item(depth + 1));
    return list;
  }

  /** @param {number} count @param {number} depth */
  map(count, depth) {
    const map = new Map();
    for (let n = 0; n < count; n += 1) {
      const key = this.item(depth + 1);
      map.set(key, this.item(depth + 1));
    }
    return map;
  }

  /** @param {number} major @param {number} depth @param {number} start @returns {unknown} */
  indefinite(major, depth, start) {
    if (major < 2 || major > 5) throw new CborError('Reserved length', start);
    if (major === 5) {
      const map = new Map();
      for (let key = this.any(depth + 1); key !== BREAK; key = this.any(depth + 1)) map.set(key, this.item(depth + 1));
      return map;
    }
    const parts = [];
    for (let part = this.any(depth + 1); part !== BREAK; part = this.any(depth + 1)) parts.push(part);
    if (major === 4) return parts;
    const whole = major === 2 ? parts.every((part) => part instanceof Uint8Array) : parts.every((part) => typeof part === 'string');
    if (!whole) throw new CborError('A piece of another type', start);
    if (major === 3) return parts.join('');
    return Uint8Array.from(/** @type {Uint8Array[]} */ (parts).flatMap((part) => [...part]));
  }

  /** @param {number} low @returns {unknown} */
  special(low) {
    const start = this.at - 1;
    switch (low) {
      case 20:
      case 21:
        return low === 21;
      case 22:
        return null;
      case 23:
        return undefined;
      case 24: {
        const number = this.view.getUint8(this.take(1));
        if (number < 32) throw new CborError('A simple value that is not well-formed', start);
        return new Simple(number);
      }
      case 25:
        return half(this.view.getUint16(this.take(2)));
      case 26:
        return this.view.getFloat32(this.take(4));
      case 27:
        return this.view.getFloat64(this.take(8));
      case 31:
        return BREAK;
      default:
        return new Simple(low);
    }
  }
}

/** @param {bigint} value @returns {number | bigint} */
function exact(value) {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** @param {number} bits a float of 16 bits */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * What JSON can show of a decoded item. Byte strings are `h'…'` and tags `n(…)`, as in RFC 8949 §8.
 * @param {unknown} value
 * @returns {unknown}
 */
export function shown(value) {
  if (value instanceof Uint8Array) return `h'${toHex(value)}'`;
  if (value instanceof Tagged) return { [`tag ${value.tag}`]: shown(value.value) };
  if (value instanceof Simple) return `simple(${value.number})`;
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, each]) => [typeof key === 'string' ? key : keyText(key), shown(each)]));
  }
  if (Array.isArray(value)) return value.map(shown);
  if (value === undefined) return 'undefined';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

/** @param {unknown} key */
function keyText(key) {
  const plain = shown(key);
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}

// Bytes

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {string} text @returns {Uint8Array | null} null when it is not base64 */
export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  } catch {
    return null;
  }
}

/** The text, when all of it is UTF-8. @param {Uint8Array} bytes @returns {string | null} */
export function asText(bytes) {
  try {
    return textDecoder.decode(bytes);
  } catch {
    return null;
  }
}
