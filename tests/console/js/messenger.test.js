import assert from 'node:assert/strict';
import { test } from 'node:test';
import { said } from '../../../src/rookery/console/static/widgets/lib/chat.js';

const lines = (messages) => messages.map((one) => `${one.mine ? 'me' : 'board'}: ${one.text}`);

test('what is said stands below what was said', () => {
  const all = said(said([], 1, 'hello', false), 2, 'hi', true);
  assert.deepEqual(lines(all), ['board: hello', 'me: hi']);
});

test('a value that is no text is shown as one', () => {
  assert.deepEqual(lines(said([], 1, { a: 1 }, false)), ['board: {"a":1}']);
});

test('escape empties the window, and what stands behind it is said', () => {
  const before = said([], 1, 'old', false);
  assert.deepEqual(said(before, 2, '\u001b', true), []);
  assert.deepEqual(lines(said(before, 2, 'x\u001by\u001bnew', false)), ['board: new']);
});

test('the oldest go when there are many', () => {
  let all = [];
  for (let at = 0; at < 500; at++) all = said(all, at, `${at}`, false);
  assert.equal(all.length, 200);
  assert.equal(all[0].text, '300');
});
