import assert from 'node:assert/strict';
import test from 'node:test';

import { heard, same } from '../../../src/rookery/console/static/dashboard/confirm.js';
import * as templates from '../../../src/rookery/console/static/dashboard/templates.js';

const id = '11111111-1111-4111-8111-11111112547e';
const things = [
  { id, name: 'ToSiteWise 3', properties: [{ id: 'p1', name: 'Soil', variable_name: 'soil', type: 'FLOAT' }] },
  { id: '22222222-1111-4111-8111-111111100000', name: 'Shed', properties: [{ id: 'p2', name: 'Lamp', variable_name: 'lamp', type: 'STATUS' }] },
];
const template = {
  name: 'Garden',
  pages: [{ id: 'page', name: 'More', position: 0 }],
  widgets: [
    {
      type: 'Advanced Chart', name: 'Soil', x: 2, y: 0, width: 8, height: 4, page_id: 'page',
      options: { aggregation: { 'tositewise-3-2547e:soil': 'AVG' }, markersSettings: [{ property: 'tositewise-3-2547e:soil', at: 1 }], keep: 1 },
      variables: [{ name: 'Soil', thing_id: 'tositewise-3-2547e', variable_id: 'soil', type: 'FLOAT', permission: 'READ_ONLY' }],
    },
    { type: 'Switch', options: {}, variables: [{ name: 'Lamp', thing_id: 'elsewhere-12345', variable_id: 'lamp', type: 'STATUS' }] },
    { type: 'Value', options: {}, variables: [{ name: 'Gone', thing_id: 'elsewhere-12345', variable_id: 'gone', type: 'INT' }] },
  ],
};

test('a thing is called as the exports of others call it', () => {
  assert.equal(templates.placeholder('ToSiteWise 3', id), 'tositewise-3-2547e');
});

test('a template is linked to the things that are chosen, in its options too', () => {
  assert.deepEqual(templates.thingsOf(template), [
    { word: 'tositewise-3-2547e', names: ['soil'] },
    { word: 'elsewhere-12345', names: ['lamp', 'gone'] },
  ]);
  assert.equal(templates.guess('tositewise-3-2547e', ['soil'], things), id);
  assert.equal(templates.guess('elsewhere-12345', ['lamp'], things), things[1]?.id);
  assert.equal(templates.guess('elsewhere-12345', ['lamp', 'gone'], things), '');
  let next = 0;
  const { body, missing } = templates.fromTemplate(
    template,
    { 'tositewise-3-2547e': id, 'elsewhere-12345': things[1]?.id ?? '' },
    things,
    () => `new${next++}`,
  );
  assert.deepEqual(missing, ['gone']);
  assert.deepEqual(body.pages, [{ id: 'new0', name: 'More', position: 0 }]);
  const [chart, lamp, gone] = body.widgets;
  assert.deepEqual(chart.options, { aggregation: { p1: 'AVG' }, markersSettings: [{ property: { id: 'p1' }, at: 1 }], keep: 1 });
  assert.deepEqual([chart.page_id, chart.x, chart.variables], ['new0', 2, ['p1']]);
  assert.deepEqual([lamp.page_id, lamp.width, lamp.variables], ['0', 0, ['p2']]);
  assert.deepEqual(gone.variables, []);
});

for (const wrong of ['', 'name: Garden', '{"widgets": 3}', '{"widgets": [{"type": 1}]}', '{"name": 4}', 'null', '3']) {
  test(`what is no dashboard is refused: ${wrong}`, () => {
    assert.throws(() => templates.readTemplate(wrong));
  });
}

test('a value is confirmed by the board alone', () => {
  const pending = { value: 0.1, since: 0, state: /** @type {const} */ ('sending'), message: '' };
  assert.equal(heard(pending, 0.1, false), pending);
  assert.equal(heard(pending, 0.2, true), pending);
  assert.equal(heard(pending, Math.fround(0.1), true), null);
  assert.equal(heard({ ...pending, state: 'unconfirmed' }, 7, true), null);
  assert.ok(same({ hue: 10.00000001, swi: true }, { hue: 10, swi: true }));
  assert.ok(!same({ hue: 10 }, { hue: 10, swi: true }));
  assert.ok(!same('1', 1));
});
