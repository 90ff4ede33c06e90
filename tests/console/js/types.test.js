import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bare,
  family,
  formatNumber,
  formatValue,
  holds,
  isNumeric,
  sampleOf,
  unitOf,
  withUnit,
} from '../../../src/rookery/console/static/widgets/types.js';

const FAMILIES = [
  ['STATUS', 'bool', ''],
  ['HOME_MOTION_SENSOR', 'bool', ''],
  ['SMART_HOME_SWITCH', 'bool', ''],
  ['INT', 'int', ''],
  ['COUNT', 'int', ''],
  ['FLOAT', 'float', ''],
  ['TEMPERATURE', 'float', '°C'],
  ['GOOGLE_HOME_TEMPERATURE_F', 'float', '°F'],
  ['PERCENTAGE', 'float', '%'],
  ['LENGHT_I', 'float', 'in'],
  ['CHARSTRING', 'string', ''],
  ['TIME', 'time', ''],
  ['LOCATION', 'location', ''],
  ['COLOR_HSB', 'color', ''],
  ['SMART_HOME_DIMMED_LIGHT', 'dimmed', ''],
  ['GOOGLE_HOME_COLORED_LIGHT', 'colored', ''],
  ['SMART_HOME_TELEVISION', 'television', ''],
  ['SCHEDULE', 'schedule', ''],
  ['COLOR_RGB', 'object', ''],
  ['SOMETHING_NEW', 'float', ''],
];

for (const [type, kind, unit] of FAMILIES) {
  test(`${type} is ${kind} in "${unit}"`, () => {
    assert.equal(family(type), kind);
    assert.equal(unitOf(type), unit);
    assert.equal(isNumeric(type), kind === 'int' || kind === 'float');
    assert.ok(holds(sampleOf(type), family(type)), 'a sample fits its own type');
    assert.equal(typeof formatValue(sampleOf(type), type), 'string');
  });
}

test('the prefix of an assistant changes nothing', () => {
  assert.equal(bare('GOOGLE_HOME_LIGHT'), 'HOME_LIGHT');
  assert.equal(bare('HOME_LIGHT'), 'HOME_LIGHT');
});

const NUMBERS = [
  [0, undefined, '0'],
  [-0, undefined, '0'],
  [21.4817, undefined, '21.48'],
  [1013.25, undefined, '1,013.3'],
  [101325, undefined, '101,325'],
  [0.00123456, undefined, '0.001235'],
  [1e-7, undefined, '1.000e−7'],
  [1.5e13, undefined, '1.500e13'],
  [-3.5, undefined, '−3.5'],
  [21.4817, 1, '21.5'],
  [21, 2, '21.00'],
  [-0.001, 1, '0.0'],
  [NaN, undefined, '–'],
  [-Infinity, undefined, '−∞'],
];
for (const [value, decimals, text] of NUMBERS) {
  test(`${value} with ${decimals} decimals reads ${text}`, () => {
    assert.equal(formatNumber(value, decimals), text);
  });
}

test('a unit stands as close as it should', () => {
  assert.equal(withUnit('5', '%'), '5%');
  assert.equal(withUnit('5', '°C'), '5\u202f°C');
  assert.equal(withUnit('5', ''), '5');
});

test('values that do not fit their type are shown as they are', () => {
  assert.equal(formatValue({ lat: 'x' }, 'LOCATION'), '{"lat":"x"}');
  assert.equal(formatValue('twelve', 'INT'), 'twelve');
  assert.equal(formatValue(true, 'INT', { on: 'Yes' }), 'Yes');
  assert.equal(formatValue(null, 'INT', { none: 'never' }), 'never');
  assert.equal(holds('twelve', 'int'), false);
  assert.equal(holds({ hue: 1, sat: 2 }, 'color'), false);
  assert.equal(holds({ swi: 1, bri: 2 }, 'dimmed'), false);
  assert.equal(holds(null, 'color'), true);
});

test('a TIME is the clock beside the board, wherever the viewer is', () => {
  assert.match(formatValue(1767250800, 'TIME'), /7:00/);
});
