import assert from 'node:assert/strict';
import test from 'node:test';

import * as docs from '../../../src/rookery/console/static/dashboard/document.js';
import * as edits from '../../../src/rookery/console/static/dashboard/edits.js';
import * as ranges from '../../../src/rookery/console/static/dashboard/range.js';

const size = () => ({ w: 6, h: 2, minW: 4, minH: 2 });
const phone = () => undefined;
const geometry = { x: 0, y: 0, width: 6, height: 2 };

/** @param {Record<string, any>} rest */
const wire = (rest = {}) => ({
  id: 'd',
  name: 'Garden',
  updated_at: '2026-01-01T00:00:00Z',
  widgets: [
    { id: 'a', type: 'Value', name: 'Soil', options: { decimals: 1, later: { kept: true } }, variables: [{ id: 'v' }], page_id: '0', ...geometry },
    { id: 'b', type: 'Unheard Of', options: {}, page_id: 'p', ...geometry, x: 7, x_mobile: 3, y_mobile: 0, width_mobile: 5, height_mobile: 2 },
  ],
  pages: [{ id: 'p', name: 'Shed', position: 4 }],
  ...rest,
});

test('what others wrote goes back as it came', () => {
  const body = docs.toWire(docs.fromWire(wire(), size));
  const [a, b] = /** @type {any} */ (body.widgets);
  assert.deepEqual(a.options, { decimals: 1, later: { kept: true } });
  assert.deepEqual([a.variables, 'x_mobile' in a], [['v'], false]);
  assert.deepEqual([b.type, b.x, b.x_mobile, b.width_mobile, b.page_id], ['Unheard Of', 7, 3, 5, 'p']);
  assert.deepEqual(body.pages, [{ id: 'p', name: 'Shed', position: 0 }]);
});

test('widgets without geometry get the size of their kind and a place', () => {
  const none = { x: 0, y: 0, width: 0, height: 0 };
  const doc = docs.fromWire(wire({ pages: [], widgets: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, type: 'Value', options: {}, ...none })) }), size);
  assert.deepEqual(doc.widgets.map((w) => [w.desktop.x, w.desktop.y]), [[0, 0], [6, 0], [12, 0], [18, 0], [0, 2]]);
});

test('a widget of a page that is gone stands on the main page', () => {
  assert.equal(docs.fromWire(wire({ pages: [] }), size).widgets[1]?.page, '0');
});

test('the main page is a tab only where it holds something', () => {
  const doc = docs.fromWire(wire(), size);
  assert.deepEqual(docs.tabsOf(doc, 'Main').map((p) => p.name), ['Main', 'Shed']);
  assert.deepEqual(docs.tabsOf(docs.withoutWidgets(doc, new Set(['a'])), 'Main').map((p) => p.name), ['Shed']);
});

test('the layout of a phone is made until somebody edits it, then kept, and later widgets follow below', () => {
  const doc = docs.fromWire(wire({ pages: [] , widgets: [wire().widgets[0]] }), size);
  const made = docs.boxesOf(doc, '0', true, size, phone);
  assert.deepEqual([made[0]?.w, 'x_mobile' in /** @type {any} */ (docs.toWire(doc).widgets[0])], [8, false]);
  const edited = docs.withBoxes(doc, made.map((box) => ({ ...box, w: 8, h: 3 })), true);
  const more = docs.withNew(edited, { type: 'Value', name: '', options: {}, variables: [] }, '0', size, 'n');
  assert.deepEqual(docs.boxesOf(more, '0', true, size, phone).map((b) => [b.id, b.y, b.w]), [['a', 0, 8], ['n', 3, 8]]);
});

test('copies stand beside, with options of their own', () => {
  const doc = docs.fromWire(wire(), size);
  const { doc: next, ids } = docs.withCopies(doc, new Set(['a']), () => 'copy');
  const copy = next.widgets.find((w) => w.id === 'copy');
  assert.deepEqual([ids, copy?.desktop.x, copy?.options], [['copy'], 6, doc.widgets[0]?.options]);
  assert.notEqual(copy?.options['later'], doc.widgets[0]?.options['later']);
});

test('what stood on a page that goes moves below what is on the other', () => {
  const next = docs.withoutPage(docs.fromWire(wire(), size), 'p', '0');
  assert.deepEqual([next.pages, next.widgets.map((w) => [w.id, w.page, w.desktop.y])], [[], [['a', '0', 0], ['b', '0', 2]]]);
});

test('undo goes back step by step and typing is one step', () => {
  let e = edits.begin('');
  for (const [i, text] of ['G', 'Ga', 'Gar'].entries()) e = edits.change(e, text, 'name', 100 * i);
  e = edits.change(e, 'Gar!', 'name', 5_000);
  e = edits.undo(e);
  assert.equal(e.now, 'Gar');
  e = edits.undo(e);
  assert.deepEqual([e.now, edits.undo(e) === e], ['', true]);
  e = edits.redo(edits.redo(e));
  assert.deepEqual([e.now, edits.isChanged(e), edits.isChanged(edits.saved(e, e.now))], ['Gar!', true, false]);
  e = edits.change(edits.undo(e), 'other');
  assert.equal(edits.redo(e), e);
});

test('the range of the address is read as it was written', () => {
  const now = Date.UTC(2026, 10, 21, 12);
  assert.deepEqual(ranges.parseRange('6h', now), { name: '6h', from: now - 6 * 3_600_000, to: now, live: true });
  const text = ranges.formatRange(now - 90_500, now);
  assert.equal(text, '2026-11-21T11:58:29Z..2026-11-21T12:00:00Z');
  assert.deepEqual(ranges.parseRange(text, now), { name: 'custom', from: now - 91_000, to: now, live: false });
  assert.equal(ranges.formatRange(now, now - 1), '2026-11-21T11:59:59Z..2026-11-21T12:00:00Z');
});

for (const wrong of [null, '', 'soon', '..', 'a..b', '2026-01-02..2026-01-01', '6h..', 'constructor']) {
  test(`a range that says nothing is the usual one: ${wrong}`, () => {
    assert.equal(ranges.parseRange(wrong, 1e12).name, ranges.USUAL);
  });
}
