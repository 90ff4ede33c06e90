import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  activeAt,
  amountOf,
  DAY,
  decode,
  encode,
  fresh,
  maskOf,
  next,
  period,
} from '../../../src/rookery/console/static/widgets/lib/schedule.js';

const MONDAY = Date.UTC(2026, 0, 5, 7, 0) / 1000;
const hour = 3600;

/** msk, what it says, seconds of its period. The first is a vector of the wire (device reference 11.1, frame 13). */
const MASKS = [
  [0x44000014, { kind: 'every', unit: 1, count: 20 }, 1200],
  [0x00000000, { kind: 'once' }, Infinity],
  [0x04000001, { kind: 'every', unit: 0, count: 1 }, 1],
  [0x84000006, { kind: 'every', unit: 2, count: 6 }, 6 * hour],
  [0xc7ffffff, { kind: 'every', unit: 3, count: 0x3ffffff }, 0x3ffffff * DAY],
  [0x0800003e, { kind: 'weekly', days: [false, true, true, true, true, true, false] }, DAY],
  [0x08000041, { kind: 'weekly', days: [true, false, false, false, false, false, true] }, DAY],
  [0x0c00001f, { kind: 'monthly', day: 31 }, DAY],
  [0x10000b18, { kind: 'yearly', day: 24, month: 11 }, DAY],
];
for (const [msk, says, seconds] of MASKS) {
  test(`mask 0x${msk.toString(16).padStart(8, '0')} both ways`, () => {
    const wire = { frm: MONDAY, to: 0, len: 600, msk };
    const plan = decode(wire);
    for (const [key, value] of Object.entries(says)) assert.deepEqual(plan[key], value);
    assert.deepEqual(encode(plan), wire);
    assert.equal(period(plan), seconds);
  });
}

test('a kind that nobody knows comes back as it was', () => {
  const wire = { frm: 1, to: 2, len: 3, msk: 0xfffffffe };
  assert.deepEqual(encode(decode(wire)), wire);
});

test('the mask is never negative', () => {
  assert.equal(maskOf({ ...decode({ frm: 0, to: 0, len: 0, msk: 0xc4000005 }) }), 0xc4000005);
});

test('weekdays from seven for an hour', () => {
  const plan = decode({ frm: MONDAY, to: 0, len: hour, msk: 0x0800003e });
  assert.equal(activeAt(plan, MONDAY - 1), false);
  assert.equal(activeAt(plan, MONDAY), true);
  assert.equal(activeAt(plan, MONDAY + hour), true);
  assert.equal(activeAt(plan, MONDAY + hour + 1), false);
  assert.equal(activeAt(plan, MONDAY + 5 * DAY), false, 'Saturday');
  assert.equal(next(plan, MONDAY), MONDAY + DAY);
  assert.equal(next(plan, MONDAY + 4 * DAY), MONDAY + 7 * DAY, 'over the weekend');
  assert.equal(next(plan, 0), MONDAY);
});

test('a weekly plan without days never comes', () => {
  assert.equal(next(decode({ frm: MONDAY, to: 0, len: 60, msk: 0x08000000 }), MONDAY), null);
});

test('one shot is over once it has been', () => {
  const plan = decode({ frm: MONDAY, to: 0, len: hour, msk: 0 });
  assert.equal(next(plan, MONDAY - 1), MONDAY);
  assert.equal(next(plan, MONDAY), null);
  assert.equal(activeAt(plan, MONDAY + DAY), false);
});

test('the end is not in it, and nothing comes after it', () => {
  const plan = decode({ frm: MONDAY, to: MONDAY + 2 * DAY, len: 60, msk: 0xc4000001 });
  assert.equal(next(plan, MONDAY), MONDAY + DAY);
  assert.equal(next(plan, MONDAY + DAY), null);
  assert.equal(activeAt(plan, MONDAY + 2 * DAY), false);
});

test('monthly and yearly find their day', () => {
  const monthly = decode({ frm: MONDAY, to: 0, len: 60, msk: 0x0c00001f });
  assert.equal(new Date(next(monthly, MONDAY + 30 * DAY) * 1000).toISOString(), '2026-03-31T07:00:00.000Z');
  const leap = decode({ frm: MONDAY, to: 0, len: 60, msk: ((4 << 26) | (1 << 8) | 29) >>> 0 });
  assert.equal(new Date(next(leap, MONDAY) * 1000).toISOString(), '2028-02-29T07:00:00.000Z');
});

test('a new plan begins at the next full hour and says so in whole units', () => {
  const plan = fresh(MONDAY + 5);
  assert.equal(plan.from, MONDAY + hour);
  assert.deepEqual(plan.days, Array(7).fill(true));
  assert.deepEqual(
    [amountOf(1800), amountOf(7200), amountOf(DAY), amountOf(61), amountOf(0)],
    [
      [30, 1],
      [2, 2],
      [1, 3],
      [61, 0],
      [0, 0],
    ],
  );
});
