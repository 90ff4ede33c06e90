import assert from 'node:assert/strict';
import { test } from 'node:test';
import { around, gridStep, lineOf, unpack } from '../../../src/rookery/console/static/widgets/lib/outlines.js';

test('a line is where it begins and the steps from there, longitude first', () => {
  assert.deepEqual(lineOf([500, 100, 50, -50, -25, 0], 50), [
    [2, 10],
    [1, 11],
    [1, 10.5],
  ]);
  assert.deepEqual(lineOf([], 50), []);
});

test('a step over the date line goes on beyond it', () => {
  assert.deepEqual(lineOf([179, 0, -358, 0, 1, 0], 1), [
    [0, 179],
    [0, 181],
    [0, 182],
  ]);
  assert.deepEqual(lineOf([-179, 0, 358, 1], 1), [
    [0, -179],
    [1, -181],
  ]);
});

test('polygons keep their holes', () => {
  const { land, borders } = unpack({
    steps: 1,
    land: [
      [
        [0, 0, 1, 0, 0, 1],
        [5, 5, 1, 1, 0, 1],
      ],
    ],
    borders: [[1, 2, 3, 4]],
  });
  assert.equal(land[0].length, 2);
  assert.deepEqual(borders, [
    [
      [2, 1],
      [6, 4],
    ],
  ]);
});

test('what lies near the date line is drawn on both sides of it, all of it when the whole world is seen', () => {
  const near = [
    [
      [0, 170],
      [0, 185],
    ],
  ];
  const far = [
    [
      [0, 10],
      [0, 20],
    ],
  ];
  assert.deepEqual(around([near, far], false), [
    near,
    far,
    [
      [
        [0, -190],
        [0, -175],
      ],
    ],
  ]);
  assert.equal(around([near, far], true).length, 6);
  assert.deepEqual(
    around(
      [
        [
          [1, -170],
          [1, -160],
        ],
      ],
      false,
    ).at(-1),
    [
      [1, 190],
      [1, 200],
    ],
  );
});

test('about six lines of a grid fit, at round degrees', () => {
  for (const [span, step] of [
    [360, 100],
    [60, 10],
    [1, 0.2],
    [0.013, 0.005],
  ])
    assert.ok(Math.abs(gridStep(span) - step) < 1e-9, `${span}: ${gridStep(span)}`);
});
