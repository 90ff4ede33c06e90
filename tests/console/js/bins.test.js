import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bandOf,
  csvOf,
  gapAfter,
  intervalFor,
  pace,
  thin,
  withGaps,
} from '../../../src/rookery/console/static/ui/bins.js';

const HOUR = 3_600_000;

test('bins have lengths people know, and as many as fit', () => {
  for (const [hours, points, seconds] of [
    [1, 400, 10],
    [6, 400, 60],
    [24, 400, 300],
    [168, 400, 1800],
    [720, 400, 7200],
    [1, 1e6, 1],
    [1e7, 10, 86400],
  ]) {
    assert.equal(intervalFor(0, hours * HOUR, points), seconds);
  }
  assert.equal(intervalFor(5, 5, 0), 1);
});

test('silence is a gap when it is longer than the habit of the board', () => {
  const times = Array.from({ length: 100 }, (_, at) => at * 10_000);
  assert.equal(pace(times), 10_000);
  assert.equal(pace([1, 2]), 0);
  const rows = [
    [0, 1],
    [10_000, 2],
    [100_000, 3],
    [110_000, 4],
  ];
  assert.deepEqual(withGaps(rows, gapAfter(10_000)), [
    [0, 1],
    [10_000, 2],
    [55_000, null],
    [100_000, 3],
    [110_000, 4],
  ]);
  assert.deepEqual(withGaps(rows, Infinity), rows);
  assert.deepEqual(
    withGaps(
      [
        [0, 1, 2, 3],
        [9_000, 1, 2, 3],
      ],
      100,
    )[1],
    [4_500, null, null, null],
  );
});

test('least, mean and most of the same bins', () => {
  assert.deepEqual(
    bandOf({ times: [1, 2], values: [5, 6] }, { times: [1], values: [4] }, { times: [1, 2], values: [7, 9] }),
    [
      [1, 4, 5, 7],
      [2, 6, 6, 9],
    ],
  );
});

test('points are thinned and keep their extremes and gaps', () => {
  assert.deepEqual(
    thin(
      [
        [0, 1],
        [4, 3],
        [12, 7],
        [15, null],
        [21, 2],
      ],
      10,
    ),
    [
      [5, 1, 2, 3],
      [15, 7, 7, 7],
      [15, null, null, null],
      [25, 2, 2, 2],
    ],
  );
  assert.deepEqual(thin([], 10), []);
});

test('CSV joins series by time, quotes, and defuses formulas', () => {
  const words = { time: 'time', least: 'min', mean: 'mean', most: 'max' };
  const text = csvOf(
    [
      {
        label: '=cmd("x")',
        unit: '',
        band: false,
        rows: [
          [1000, 1],
          [2000, null],
          [3000, 3],
        ],
      },
      { label: 'b', unit: '°C', band: true, rows: [[3000, 1, 2, 3]] },
    ],
    words,
  );
  assert.equal(
    text,
    [
      `time,"'=cmd(""x"")",b (°C) min,b (°C) mean,b (°C) max`,
      '1970-01-01T00:00:01.000Z,1,,,',
      '1970-01-01T00:00:03.000Z,3,1,2,3',
      '',
    ].join('\r\n'),
  );
});
