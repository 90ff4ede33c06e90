import assert from 'node:assert/strict';
import test from 'node:test';

import * as g from '../../../src/rookery/console/static/dashboard/geometry.js';

/** @param {string} id @param {number} x @param {number} y @param {number} w @param {number} h */
const box = (id, x, y, w, h) => ({ id, x, y, w, h });
/** @param {g.Box[]} boxes @returns {Record<string, number[]>} */
const places = (boxes) => Object.fromEntries(boxes.map((b) => [b.id, [b.x, b.y, b.w, b.h]]));
/** @param {g.Box[]} boxes */
const overlaps = (boxes) => boxes.some((a) => boxes.some((b) => g.collide(a, b)));

test('what stands in the way steps down, and what stands elsewhere stays', () => {
  const moved = g.makeRoom([box('a', 0, 1, 6, 2), box('b', 0, 2, 6, 2), box('c', 0, 4, 6, 2), box('d', 8, 2, 6, 2)], new Set(['a']));
  assert.deepEqual(places(moved), { a: [0, 1, 6, 2], b: [0, 3, 6, 2], c: [0, 5, 6, 2], d: [8, 2, 6, 2] });
});

test('a box that is dragged over the next one changes places with it', () => {
  const start = [box('a', 0, 0, 6, 2), box('b', 0, 2, 6, 2)];
  assert.deepEqual(places(g.moveBoxes(start, new Set(['a']), 0, 2, g.DESKTOP)), { a: [0, 2, 6, 2], b: [0, 0, 6, 2] });
});

test('a group moves as one and stops at the edge', () => {
  const start = [box('a', 0, 0, 6, 2), box('b', 8, 1, 6, 2), box('c', 18, 0, 6, 2)];
  assert.deepEqual(places(g.moveBoxes(start, new Set(['a', 'b']), 30, 0, g.DESKTOP)), {
    a: [10, 0, 6, 2],
    b: [18, 1, 6, 2],
    c: [18, 3, 6, 2],
  });
});

test('a place between two steps is kept until it is moved, then snaps', () => {
  const start = [box('a', 3, 0, 5, 2), box('b', 12, 0, 6, 2)];
  assert.equal(g.moveBoxes(start, new Set(['a']), 0, 0.2, g.DESKTOP)[0]?.x, 4);
  assert.equal(g.moveBoxes(start, new Set(['b']), 2, 0, g.DESKTOP)[0]?.x, 3);
});

test('a box is never larger than the field nor smaller than it may be', () => {
  const start = [{ ...box('a', 18, 0, 6, 4), minW: 4, minH: 2 }];
  assert.deepEqual(places(g.resizeBox(start, 'a', 40, 1, g.DESKTOP)), { a: [18, 0, 6, 2] });
  assert.deepEqual(places(g.resizeBox(start, 'a', 1, 9, g.DESKTOP)), { a: [18, 0, 4, 9] });
});

test('overlaps that somebody wrote stay while nobody touches them', () => {
  const start = [box('a', 0, 0, 6, 2), box('b', 2, 1, 6, 2), box('c', 12, 0, 6, 2)];
  assert.deepEqual(places(g.moveBoxes(start, new Set(['c']), 2, 0, g.DESKTOP)), {
    a: [0, 0, 6, 2],
    b: [2, 1, 6, 2],
    c: [14, 0, 6, 2],
  });
});

test('the first free place is found row by row', () => {
  assert.deepEqual(g.freePlace([box('a', 0, 0, 12, 2)], { id: 'n', w: 8, h: 2 }, g.DESKTOP), { id: 'n', x: 12, y: 0, w: 8, h: 2 });
  assert.deepEqual(g.freePlace([box('a', 0, 0, 20, 2)], { id: 'n', w: 8, h: 2 }, g.DESKTOP), { id: 'n', x: 0, y: 2, w: 8, h: 2 });
});

test('tidying takes the empty rows out', () => {
  assert.deepEqual(places(g.tidied([box('a', 0, 3, 6, 2), box('b', 0, 9, 6, 2), box('c', 12, 4, 6, 2)])), {
    a: [0, 0, 6, 2],
    b: [0, 2, 6, 2],
    c: [12, 0, 6, 2],
  });
});

test('a phone reads the boxes in the order of the desktop, two abreast, and leaves no half empty', () => {
  const desktop = [
    box('wide', 0, 0, 24, 5),
    box('left', 0, 5, 6, 2),
    box('right', 6, 5, 6, 2),
    box('single', 12, 5, 6, 2),
    box('across', 0, 7, 12, 4),
    box('beside', 12, 7, 6, 2),
    box('alone', 0, 12, 6, 2),
  ];
  assert.deepEqual(places(g.phoneFrom(desktop, () => undefined)), {
    wide: [0, 0, 8, 5],
    left: [0, 5, 4, 2],
    right: [4, 5, 4, 2],
    single: [0, 7, 4, 2],
    beside: [4, 7, 4, 2],
    across: [0, 9, 8, 4],
    alone: [0, 13, 8, 2],
  });
});

test('whatever is moved, nothing overlaps that did not before', () => {
  let seed = 7;
  const random = (/** @type {number} */ n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 200; round++) {
    /** @type {g.Box[]} */
    let boxes = [];
    for (let i = 0; i < 12; i++) boxes.push(g.freePlace(boxes, { id: `${i}`, w: 2 * (1 + random(6)), h: 1 + random(4) }, g.DESKTOP));
    const ids = new Set([`${random(12)}`, `${random(12)}`]);
    boxes = g.moveBoxes(boxes, ids, random(20) - 10, random(10) - 5, g.DESKTOP);
    assert.equal(overlaps(boxes), false, `round ${round}`);
    boxes = g.resizeBox(boxes, `${random(12)}`, 2 + random(22), 1 + random(8), g.DESKTOP);
    assert.equal(overlaps(boxes), false, `round ${round}`);
    assert.equal(overlaps(g.tidied(boxes)), false);
    assert.equal(overlaps(g.phoneFrom(boxes, () => undefined)), false);
    for (const b of boxes) assert.ok(b.x >= 0 && b.x + b.w <= 24 && b.y >= 0, `round ${round}`);
  }
});
