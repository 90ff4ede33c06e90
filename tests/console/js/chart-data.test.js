import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Columns } from '../../../src/rookery/console/static/ui/chart-data.js';

const U = undefined;
const HOUR = 3_600_000;

test('series with times of their own share an axis', () => {
  const columns = new Columns(
    [
      {
        id: 'a',
        points: [
          [1, 10],
          [3, 30],
        ],
      },
      {
        id: 'b',
        points: [
          [2, 5],
          [3, null],
        ],
      },
    ],
    1000,
  );
  assert.deepEqual(columns.data, [
    [1, 2, 3],
    [10, U, 30],
    [U, 5, null],
  ]);
  assert.deepEqual(columns.last('a'), [3, 30]);
  assert.deepEqual(columns.last('b'), [2, 5]);
  assert.deepEqual(columns.rows('b'), [
    [2, 5],
    [3, null],
  ]);
  assert.deepEqual(columns.summary('a', 0, 2), { least: 10, most: 10, count: 1 });
  assert.equal(columns.summary('a', 5, 9), null);
  assert.equal(columns.last('nobody'), null);
});

test('points are appended in order and out of it', () => {
  const columns = new Columns(
    [
      { id: 'a', points: [[1, 10]] },
      { id: 'b', points: [] },
    ],
    1000,
  );
  columns.append('a', 5, 50);
  columns.append('b', 3, 7);
  columns.append('b', 5, 8);
  columns.append('nobody', 6, 1);
  assert.deepEqual(columns.data, [
    [1, 3, 5],
    [10, U, 50],
    [U, 7, 8],
  ]);
});

test('a silence of a board with a habit is a gap, one of a switch is not', () => {
  const points = Array.from({ length: 20 }, (_, at) => [at * 2000, 1]);
  const columns = new Columns(
    [
      { id: 'a', points },
      { id: 's', points, step: true },
    ],
    60_000,
  );
  columns.append('a', 100_000, 2);
  columns.append('s', 100_000, 0);
  assert.deepEqual(columns.rows('a').slice(-2), [
    [69_000, null],
    [100_000, 2],
  ]);
  assert.deepEqual(columns.rows('s').slice(-2), [
    [38_000, 1],
    [100_000, 0],
  ]);
});

test('without history the habit is learned from what comes', () => {
  const columns = new Columns([{ id: 'a', points: [] }], 60_000);
  for (let at = 0; at <= 10; at++) columns.append('a', at * 1000, at);
  columns.append('a', 60_000, 1);
  assert.deepEqual(columns.rows('a').at(-2), [35_000, null]);
});

test('in a long window points of one bin are one row with least, mean and most', () => {
  const columns = new Columns([{ id: 'a', points: [] }], 24 * HOUR);
  const bin = columns.bin;
  assert.equal(bin, 57_600);
  for (const [at, value] of [
    [0, 10],
    [1, 20],
    [2, 0],
  ])
    columns.append('a', bin * 10 + at, value);
  columns.append('a', bin * 11, 5);
  assert.deepEqual(columns.rows('a'), [
    [bin * 10, 0, 10, 20],
    [bin * 11, 5, 5, 5],
  ]);
  assert.deepEqual(columns.summary('a', 0, Infinity), { least: 0, most: 20, count: 2 });
});

test('bands from the server go on with live points', () => {
  const columns = new Columns(
    [
      {
        id: 'a',
        band: [
          [1000, 1, 2, 3],
          [2000, null, null, null],
        ],
      },
    ],
    60_000,
  );
  columns.append('a', 3000, 4);
  assert.deepEqual(columns.data, [
    [1000, 2000, 3000],
    [2, null, 4],
    [1, null, 4],
    [3, null, 4],
  ]);
});

test('what has left the window is dropped, but for the row before it', () => {
  const points = Array.from({ length: 1000 }, (_, at) => [at, at]);
  const columns = new Columns([{ id: 'a', points }], 1000);
  columns.trim(100);
  assert.equal(columns.times.length, 1000, 'few rows are not worth moving the others');
  columns.trim(500);
  assert.equal(columns.times[0], 499);
  assert.equal(columns.data[1].length, columns.times.length);
  columns.append('a', 1000, 1);
  assert.deepEqual(columns.last('a'), [1000, 1]);
});

test('an hour of ten values a second keeps a bounded number of rows', () => {
  const columns = new Columns([{ id: 'a', points: [] }], HOUR);
  for (let ms = 0; ms < 2 * HOUR; ms += 100) {
    columns.append('a', ms, ms % 7);
    columns.trim(ms - HOUR);
  }
  assert.ok(columns.times.length < 2000, `${columns.times.length} rows`);
});
