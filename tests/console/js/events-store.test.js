import assert from 'node:assert/strict';
import { register } from 'node:module';
import { test } from 'node:test';

// The page finds its parts by an import map; here they are beside the file that asks.
const VENDOR = new URL('../../../src/rookery/console/static/vendor/', import.meta.url).href;
register(
  `data:text/javascript,${encodeURIComponent(`
    const names = { preact: 'preact', 'preact/hooks': 'preact-hooks', htm: 'htm', '@preact/signals-core': 'signals-core', '@preact/signals': 'signals' };
    export const resolve = (name, context, next) => next(name in names ? '${VENDOR}' + names[name] + '.js' : name, context);
  `)}`,
);
const { EventList, gapOf, KEPT, rowOf } = await import(
  '../../../src/rookery/console/static/views/parts/events-store.js'
);

/** A list whose frames are turned by hand. */
function manual() {
  /** @type {(() => void)[]} */
  const due = [];
  const list = new EventList((run) => due.push(run));
  return { list, frame: () => due.splice(0).forEach((run) => run()), due };
}

/** @param {string} name */
const event = (name) => rowOf({ k: 'event', id: '1', name, data: 'x', time: 5 });
/** @param {InstanceType<typeof EventList>} list */
const names = (list) => list.rows.value.map((row) => (row.kind === 'event' ? row.name : row.kind));

test('events of one frame are put in together, the newest first', () => {
  const { list, frame, due } = manual();
  for (const name of ['a', 'b', 'c']) list.add(event(name));
  assert.deepEqual([names(list), due.length], [[], 1]);
  frame();
  assert.deepEqual(names(list), ['c', 'b', 'a']);
});

test('the list is bounded, the count is not', () => {
  const { list, frame } = manual();
  for (let n = 0; n < KEPT + 500; n += 1) {
    list.add(event(String(n)));
    if (n % 7 === 0) frame();
  }
  frame();
  assert.equal(list.rows.value.length, KEPT);
  assert.equal(names(list)[0], String(KEPT + 499));
  assert.equal(list.seen.value, KEPT + 500);
});

test('what comes while it is paused waits and is counted', () => {
  const { list, frame } = manual();
  list.add(event('before'));
  list.pause(true);
  assert.deepEqual(names(list), ['before']);
  for (let n = 0; n < KEPT + 10; n += 1) list.add(event(String(n)));
  frame();
  assert.deepEqual([names(list).length, list.waiting.value], [1, KEPT + 10]);
  list.pause(false);
  assert.deepEqual([list.rows.value.length, list.waiting.value], [KEPT, 0]);
  assert.equal(names(list)[0], String(KEPT + 9));
});

test('another topic begins anew, the same one goes on with a gap', () => {
  const { list, frame } = manual();
  list.follow('events', null);
  list.add(event('a'));
  frame();
  list.follow('events', 1_000);
  frame();
  assert.deepEqual(names(list), ['gap', 'a']);
  list.follow('events/temp', 2_000);
  assert.deepEqual(names(list), []);
});

test('a gap is no event', () => {
  const { list, frame } = manual();
  list.add(gapOf(1, 2));
  frame();
  assert.equal(list.seen.value, 0);
});

test('keys differ though ids are alike', () => {
  assert.notEqual(event('a').key, event('a').key);
});

test('events from before go below, and none is there twice', () => {
  const { list, frame } = manual();
  const [first, second] = ['1', '2'].map((id) => rowOf({ k: 'event', id, name: `n${id}`, time: Number(id) }));
  list.add(second);
  frame();
  list.older([rowOf({ k: 'event', id: 'x', name: 'n2', time: 2 }), first]);
  assert.deepEqual(names(list), ['n2', 'n1']);
});
