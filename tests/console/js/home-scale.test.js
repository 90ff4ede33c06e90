import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ceiling, roundTimes, runs } from '../../../src/rookery/console/static/views/parts/home-scale.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test('a scale ends at a round number that holds the largest value', () => {
  for (const [value, end] of [
    [0, 1],
    [-3, 1],
    [0.03, 0.04],
    [1, 1],
    [1.2, 2],
    [3, 4],
    [4.1, 5],
    [7, 10],
    [101, 200],
    [51_000, 100_000],
  ]) {
    assert.ok(Math.abs(ceiling(value) - end) < 1e-9, `${value}: ${ceiling(value)}`);
  }
});

test('times below a curve are round for the viewer', () => {
  const from = Date.UTC(2026, 2, 1, 10, 17);
  assert.deepEqual(
    roundTimes(from, from + HOUR, 4, 0).map((ms) => new Date(ms).toISOString().slice(11, 16)),
    ['10:30', '10:45', '11:00', '11:15'],
  );
  // Half an hour ahead of UTC: noon there is 11:30 here.
  assert.deepEqual(
    roundTimes(from, from + 6 * HOUR, 3, -30 * MINUTE).map((ms) => new Date(ms).toISOString().slice(11, 16)),
    ['11:30', '13:30', '15:30'],
  );
  assert.ok(roundTimes(from, from + 400 * 24 * HOUR, 6, 0).length > 0);
});

test('a pause in the samples is a gap, not a slope', () => {
  const points = [0, 1, 2, 3, 20, 21, 22].map((at) => [at * MINUTE, at]);
  assert.deepEqual(
    runs(points).map((run) => run.length),
    [4, 3],
  );
  assert.deepEqual(runs([]), []);
  assert.deepEqual(runs([[5, 1]]), [[[5, 1]]]);
});
