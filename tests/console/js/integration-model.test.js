import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  definitionOf,
  draftOf,
  namesOf,
  NEW,
  pageOf,
  pathOf,
} from '../../../src/rookery/console/static/views/parts/integration-model.js';

const WHOLE = {
  integration_type: 'Webhook',
  event: 'temp',
  url: 'https://host.example/in',
  name: 'Mine',
  requestType: 'PUT',
  json: { t: '{{{t}}}' },
  query: { q: '1' },
  headers: { Authorization: 'Bearer x' },
  auth: { username: 'u', password: 'p' },
  responseTopic: 'r',
  errorResponseTopic: 'e',
  responseTemplate: '{{a}}',
  noDefaults: true,
  rejectUnauthorized: false,
  unchunked: true,
  dataUrlResponseEvent: true,
  deviceID: 'e00fce680000000000000001',
  disabled: true,
};

test('a definition comes back as it was', () => {
  assert.deepEqual(definitionOf(draftOf(WHOLE)), WHOLE);
});

for (const body of [{ json: '{"t": {{t}}}' }, { body: 'a\nb' }, { form: { a: '1' } }, {}]) {
  test(`so does one with ${JSON.stringify(body)}`, () => {
    const { json: _, unchunked: __, ...rest } = WHOLE;
    assert.deepEqual(definitionOf(draftOf({ ...rest, ...body })), { ...rest, ...body });
  });
}

test('a GET has no body, but fields', () => {
  const draft = { ...NEW, requestType: 'GET', event: 'x', url: 'https://h/', form: /** @type {[string, string][]} */ ([['a', 'b']]) };
  assert.deepEqual(definitionOf(draft).form, { a: 'b' });
  assert.equal(definitionOf({ ...draft, form: [] }).json, undefined);
});

test('what was left empty is not said', () => {
  const made = definitionOf({ ...NEW, event: 'x', url: 'https://h/', auth: true, headers: [['', 'x']] });
  assert.deepEqual(Object.keys(made).filter((name) => ['name', 'auth', 'deviceID', 'query'].includes(name)), []);
  assert.deepEqual(made.headers, {});
});

test('what is no JSON yet stays text', () => {
  assert.equal(definitionOf({ ...NEW, json: '{"t": {{t}}}' }).json, '{"t": {{t}}}');
  assert.equal(definitionOf({ ...NEW, json: '{{{PARTICLE_EVENT_JSON}}}' }).json, '{{{PARTICLE_EVENT_JSON}}}');
});

test('names of the data', () => {
  assert.deepEqual(namesOf('{"t": 1, "place": {}}'), ['t', 'place']);
  assert.deepEqual(namesOf('[1]'), []);
  assert.deepEqual(namesOf('21.5'), []);
});

test('addresses', () => {
  assert.equal(pathOf(''), '/v1/integrations');
  assert.equal(pathOf('product:1000'), '/v1/products/1000/integrations');
  assert.equal(pathOf('org:a b'), '/v1/orgs/a%20b/integrations');
  assert.equal(pageOf('1', 'product:1000', 'deliveries'), '/console/integrations/1/deliveries?place=product%3A1000');
});
