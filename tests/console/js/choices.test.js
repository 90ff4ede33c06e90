import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choicesOf } from '../../../src/rookery/console/static/widgets/lib/choices.js';
import { limits, number, reads, stepOf, tidy, writes } from '../../../src/rookery/console/static/widgets/lib/fits.js';
import {
  dataAddress,
  fresh,
  imageType,
  pictureAddress,
} from '../../../src/rookery/console/static/widgets/lib/picture.js';
import { thresholdsOf, toneAt, toneOf } from '../../../src/rookery/console/static/widgets/lib/tones.js';

test('choices are values of the type of the variable', () => {
  const values = [{ value: '1', label: 'One' }, { value: 2 }, 3, { value: '' }, { value: 'x' }, null, {}];
  assert.deepEqual(choicesOf({ values }, 'INT'), [
    { value: 1, label: 'One' },
    { value: 2, label: '2' },
    { value: 3, label: '3' },
  ]);
  assert.deepEqual(choicesOf({ values: ['a', { value: 5, label: 'Five' }] }, 'CHARSTRING'), [
    { value: 'a', label: 'a' },
    { value: '5', label: 'Five' },
  ]);
  assert.deepEqual(choicesOf({ values: 'abc' }, 'INT'), []);
  assert.deepEqual(choicesOf({}, 'INT'), []);
});

test('what a kind reads it may not always write', () => {
  const [open, shut] = [
    { type: 'FLOAT', permission: 'READ_WRITE' },
    { type: 'FLOAT', permission: 'READ_ONLY' },
  ];
  assert.equal(reads('float')([open, shut]), true);
  assert.equal(reads('int')([open]), false);
  assert.equal(writes('float')([open]), true);
  assert.equal(writes('float')([open, shut]), false);
});

test('limits and steps make sense whatever the options say', () => {
  assert.deepEqual(limits({}), [0, 100]);
  assert.deepEqual(limits({ min: '5', max: 1 }), [1, 5]);
  assert.deepEqual(limits({ min: 7, max: 7 }), [7, 8]);
  assert.deepEqual(limits({ min: 'x', max: null }), [0, 100]);
  assert.equal(stepOf({ step: 0.25 }, 'FLOAT', [0, 1]), 0.25);
  assert.equal(stepOf({}, 'INT', [0, 10]), 1);
  assert.equal(stepOf({}, 'FLOAT', [0, 1]), 0.01);
  assert.equal(stepOf({ step: -1 }, 'FLOAT', [0, 1000]), 1);
  assert.equal(tidy(0.1 + 0.2, 0.1), 0.3);
  assert.equal(tidy(7.000000001, 1), 7);
  assert.equal(number('', 4), 4);
});

test('tones by name, by the words of the vendor, and by value', () => {
  assert.equal(toneOf('moss'), 'var(--ok)');
  assert.equal(toneOf('series-3'), 'var(--series-3)');
  assert.equal(toneOf('Color 2'), 'var(--series-2)');
  assert.equal(toneOf('Color 10'), 'var(--series-2)');
  assert.equal(toneOf('url(https://evil)', 'rose'), 'var(--error)');
  assert.equal(toneOf(undefined), 'var(--series-1)');
  const all = thresholdsOf([
    { value: 30, color: 'rose' },
    { value: '20', color: 'amber' },
    { value: '', color: 'moss' },
    null,
  ]);
  assert.deepEqual(
    all.map((one) => one.value),
    [20, 30],
  );
  assert.deepEqual(
    [10, 20, 29, 31].map((value) => toneAt(value, all, 'moss')),
    ['moss', 'amber', 'amber', 'rose'],
  );
});

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]);

test('an image is one by its bytes', () => {
  const text = (value) => new TextEncoder().encode(value);
  assert.equal(imageType(png), 'image/png');
  assert.equal(imageType(new Uint8Array([0xff, 0xd8, 0xff, 0xe0])), 'image/jpeg');
  assert.equal(imageType(text('GIF89a..')), 'image/gif');
  assert.equal(imageType(text('RIFF....WEBPVP8 ')), 'image/webp');
  assert.equal(imageType(text('....ftypavif....')), 'image/avif');
  for (const none of ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'RIFF....WAVE', '', 'GIF', '%PDF-1.7'])
    assert.equal(imageType(text(none)), null);
});

test('an image is loaded from https or from the dashboard itself', () => {
  const own = dataAddress(png, 'image/png');
  assert.equal(pictureAddress(own), own);
  assert.equal(pictureAddress(' https://a.b/c?d '), 'https://a.b/c?d');
  for (const none of [
    'http://a.b',
    'javascript:1',
    'data:text/html;base64,AAAA',
    'data:image/svg+xml;base64,AAAA',
    'https://',
    '/x',
    5,
    null,
  ])
    assert.equal(pictureAddress(none), null);
  assert.equal(fresh('https://a.b/c?d=1', 7), 'https://a.b/c?d=1&_=7');
  assert.equal(fresh('https://a.b/c', 0), 'https://a.b/c');
  assert.equal(fresh(own, 7), own);
});
