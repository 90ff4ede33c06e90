import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asText,
  CborError,
  decodeCbor,
  fromBase64,
  shown,
  Simple,
  Tagged,
  toHex,
} from '../../../src/rookery/console/static/views/parts/events-cbor.js';

/** @param {string} hex */
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** RFC 8949, appendix A. @type {[string, unknown][]} */
const EXAMPLES = [
  ['00', 0],
  ['0a', 10],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['1bffffffffffffffff', 18446744073709551615n],
  ['20', -1],
  ['29', -10],
  ['3863', -100],
  ['3bffffffffffffffff', -18446744073709551616n],
  ['f90000', 0],
  ['f93c00', 1],
  ['f93e00', 1.5],
  ['f97bff', 65504],
  ['f90001', 5.960464477539063e-8],
  ['f9c400', -4],
  ['f97c00', Infinity],
  ['f97e00', NaN],
  ['fa47c35000', 100000],
  ['fb3ff199999999999a', 1.1],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', undefined],
  ['40', new Uint8Array()],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['6449455446', 'IETF'],
  ['62c3bc', 'ü'],
  ['64f0908591', '𐅑'],
  ['80', []],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', new Map()],
  ['a201020304', new Map([[1, 2], [3, 4]])],
  ['826161a161626163', ['a', new Map([['b', 'c']])]],
  ['5f42010243030405ff', Uint8Array.of(1, 2, 3, 4, 5)],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['bf61610161629f0203ffff', /** @type {Map<string, unknown>} */ (new Map()).set('a', 1).set('b', [2, 3])],
  ['f0', new Simple(16)],
  ['f8ff', new Simple(255)],
  ['c11a514b67b0', new Tagged(1, 1363896240)],
];

for (const [hex, value] of EXAMPLES) {
  test(`reads ${hex}`, () => assert.deepEqual(decodeCbor(bytes(hex)), value));
}

for (const hex of ['', '18', '1903', '62c3', '6161616161', '8201', 'a101', 'ff', '1c', '1f', '62c328', 'f810', '5f01ff', '0000', '9bffffffffffffffff']) {
  test(`refuses "${hex}"`, () => assert.throws(() => decodeCbor(bytes(hex)), CborError));
}

test('depth is bounded', () => {
  assert.throws(() => decodeCbor(bytes('81'.repeat(5000) + '00')), /Nested/);
});

test('any bytes are read or refused', () => {
  let state = 1;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let round = 0; round < 3000; round += 1) {
    const noise = Uint8Array.from({ length: Math.floor(random() * 24) }, () => Math.floor(random() * 256));
    try {
      JSON.stringify(shown(decodeCbor(noise)));
    } catch (error) {
      assert.ok(error instanceof CborError);
    }
  }
});

test('what JSON can not hold is written in diagnostic notation', () => {
  assert.deepEqual(shown(decodeCbor(bytes('a2214401020304f6f7'))), { '-2': "h'01020304'", null: 'undefined' });
  assert.deepEqual(shown(new Tagged(1, 18446744073709551615n)), { 'tag 1': '18446744073709551615' });
});

test('bytes and texts', () => {
  assert.equal(toHex(Uint8Array.of(0, 255)), '00ff');
  assert.deepEqual(fromBase64('AP8='), Uint8Array.of(0, 255));
  assert.equal(fromBase64('*'), null);
  assert.equal(asText(bytes('c3bc')), 'ü');
  assert.equal(asText(bytes('ff')), null);
});
