import assert from 'node:assert/strict';
import test from 'node:test';

import { argumentOf, typeOf, valueOf } from '../../../src/rookery/console/static/dashboard/parse.js';

/** @type {[any, string, any][]} */
const CASES = [
  ['21.5', 'FLOAT', 21.5],
  [' 3 °C', 'FLOAT', 3],
  ['warm', 'FLOAT', null],
  ['', 'INT', null],
  [true, 'INT', 1],
  ['HIGH', 'STATUS', true],
  ['off', 'STATUS', false],
  ['perhaps', 'STATUS', null],
  [7, 'CHARSTRING', '7'],
  ['{"lat":1,"lon":2}', 'LOCATION', { lat: 1, lon: 2 }],
  ['45.07, 7.68', 'LOCATION', { lat: 45.07, lon: 7.68 }],
  ['here', 'LOCATION', null],
  [null, 'CHARSTRING', null],
];
for (const [data, type, value] of CASES) {
  test(`${JSON.stringify(data)} as ${type}`, () => assert.deepEqual(valueOf(data, type), value));
}

test('a function gets text', () => {
  assert.deepEqual([true, false, 3.5, 'D7', { a: 1 }, null].map((value) => argumentOf(value)), ['on', 'off', '3.5', 'D7', '{"a":1}', '']);
  assert.deepEqual([argumentOf(true, { on: 'HIGH' }), argumentOf(false, { on: 'HIGH', off: '' })], ['HIGH', '']);
});

test('the data of an event says what it may be shown as', () => {
  const data = ['21', 'true', 'off', '{"lat":1,"lon":2}', '{"a":1}', '', null];
  assert.deepEqual(data.map(typeOf), ['FLOAT', 'STATUS', 'STATUS', 'LOCATION', 'CHARSTRING', 'CHARSTRING', 'CHARSTRING']);
});
