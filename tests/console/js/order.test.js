import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOrder } from '../../../src/rookery/console/static/dashboard/order.js';

test('what comes while the past is asked for comes after it', async () => {
  const taken = [];
  /** @type {(past: number[]) => void} */
  let answer = () => undefined;
  const { ready, hear } = inOrder(new Promise((done) => (answer = done)), (each) => taken.push(each), 10);
  hear(3);
  hear(4);
  assert.deepEqual(taken, []);
  answer([1, 2]);
  await ready;
  hear(5);
  assert.deepEqual(taken, [1, 2, 3, 4, 5]);
});

test('without an answer the present goes on', async () => {
  const taken = [];
  const { ready, hear } = inOrder(Promise.reject(new Error('gone')), (each) => taken.push(each), 2);
  [1, 2, 3].forEach(hear);
  await ready;
  hear(4);
  assert.deepEqual(taken, [2, 3, 4]);
});
