import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf, hsbOf, inkOn, rgbOf, wordsOf } from '../../../src/rookery/console/static/widgets/lib/colour.js';

const CASES = [
  ['#ff0000', 0, 100, 100],
  ['#00ff00', 120, 100, 100],
  ['#0000ff', 240, 100, 100],
  ['#ffffff', 0, 0, 100],
  ['#000000', 0, 0, 0],
  ['#808080', 0, 0, 50.2],
  ['#ffff00', 60, 100, 100],
  ['#00ffff', 180, 100, 100],
  ['#ff00ff', 300, 100, 100],
];
for (const [hex, hue, sat, bri] of CASES) {
  test(`${hex} both ways`, () => {
    assert.deepEqual(hsbOf(hex), { hue, sat, bri });
    assert.equal(hexOf({ hue, sat, bri }), hex);
  });
}

test('every colour of the wheel survives the way to the screen and back within a step', () => {
  for (let hue = 0; hue < 360; hue += 7) {
    const back = hsbOf(hexOf({ hue, sat: 90, bri: 90 }));
    assert.ok(back && Math.abs(back.hue - hue) <= 1, `${hue} became ${back?.hue}`);
  }
});

test('what is out of range is brought into it', () => {
  assert.deepEqual(rgbOf({ hue: 360, sat: 100, bri: 100 }), [255, 0, 0]);
  assert.deepEqual(rgbOf({ hue: -120, sat: 400, bri: 101 }), [0, 0, 255]);
  assert.deepEqual(rgbOf({ hue: NaN, sat: 0, bri: -4 }), [0, 0, 0]);
});

test('only colours are colours', () => {
  assert.deepEqual(hsbOf('f00'), { hue: 0, sat: 100, bri: 100 });
  for (const text of ['', '#12', 'red', '#gggggg', '#1234567']) assert.equal(hsbOf(text), null);
});

test('ink and words', () => {
  assert.equal(inkOn({ hue: 60, sat: 100, bri: 100 }), '#000');
  assert.equal(inkOn({ hue: 240, sat: 100, bri: 100 }), '#fff');
  assert.deepEqual(wordsOf({ hue: 355, sat: 90, bri: 90 }), { hue: 'red', tone: 'plain' });
  assert.equal(wordsOf({ hue: 10, sat: 2, bri: 99 }).tone, 'white');
  assert.equal(wordsOf({ hue: 10, sat: 90, bri: 2 }).tone, 'black');
});
