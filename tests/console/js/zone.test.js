import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsOf, localSeconds, offsetAt, secondsOf } from '../../../src/rookery/console/static/widgets/lib/zone.js';

const WINTER = Date.UTC(2026, 0, 5, 12);
const SUMMER = Date.UTC(2026, 6, 5, 12);

const ZONES = [
  ['UTC', WINTER, 0],
  ['Europe/Rome', WINTER, 3600],
  ['Europe/Rome', SUMMER, 7200],
  ['America/New_York', WINTER, -18000],
  ['Asia/Kolkata', SUMMER, 19800],
  ['Pacific/Kiritimati', WINTER, 50400],
  ['Not/AZone', WINTER, 0],
];
for (const [zone, ms, seconds] of ZONES) {
  test(`${zone} is ${seconds} s ahead`, () => {
    assert.equal(offsetAt(zone, ms), seconds);
    assert.equal(offsetAt(zone, ms + 123), seconds);
    assert.equal(localSeconds(zone, ms), ms / 1000 + seconds);
  });
}

test('fields and back', () => {
  for (const seconds of [0, 1767250800, 951782399, 4102444799]) {
    const { date, time } = fieldsOf(seconds);
    assert.equal(secondsOf(date, time), seconds);
  }
  assert.deepEqual(fieldsOf(1767250800), { date: '2026-01-01', time: '07:00' });
  assert.deepEqual(fieldsOf(1767250801), { date: '2026-01-01', time: '07:00:01' });
});

test('what is no moment is none', () => {
  for (const [date, time] of [
    ['', '07:00'],
    ['2026-02-30', '07:00'],
    ['2026-01-01', ''],
    ['1969-12-31', '10:00'],
    ['x', 'y'],
  ]) {
    assert.equal(secondsOf(date, time), null);
  }
});
