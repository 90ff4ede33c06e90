import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allHeaders, bodyText, LANGUAGES, snippet } from '../../../src/rookery/console/static/tutorial/snippets.js';
import { explain, remark } from '../../../src/rookery/console/static/tutorial/explain.js';
import { mqttPython, mqttScript } from '../../../src/rookery/console/static/tutorial/mqtt.js';
import { heard } from '../../../src/rookery/console/static/tutorial/particle.js';
import { form, missing, secretsOf, typed } from '../../../src/rookery/console/static/tutorial/steps.js';
import { giver, TRACKS } from '../../../src/rookery/console/static/tutorial/tracks.js';
import t from '../../../src/rookery/console/static/strings/tutorial.js';

const VALUES = {
  base: 'http://localhost:8080',
  token: 'a'.repeat(40),
  ownClient: 'tutorial-1',
  ownSecret: 'b'.repeat(40),
  email: 'me@example.com',
  password: 'it"s a $ecret',
  mfaToken: 'c'.repeat(40),
  otp: '123456',
  lifetime: '3600',
  device: 'e00fce680000000000000001',
  variable: 'sensor/ä',
  function: 'setColor',
  argument: "255,'0'",
  newName: 'lamp',
  notes: 'by the door',
  event: 'tutorial/hello',
  data: '{"t": 21.5}',
  prefix: 'tutorial',
  product: 1000,
  productName: 'Lamp',
  client: 'my-server-1',
  clientSecret: 'd'.repeat(40),
  clientName: 'My server',
  productToken: 'e'.repeat(40),
  customer: '3f0e',
  customerName: '3f0e',
  customerToken: 'f'.repeat(40),
  key: 'k'.repeat(32),
  keySecret: 's'.repeat(64),
  arduinoToken: 'eyJ.eyJ.x',
  thing: '00000000-0000-4000-8000-000000000001',
  thingName: 'Thing',
  property: '00000000-0000-4000-8000-000000000002',
  value: '21.5',
  zone: 'Europe/Rome',
  now: Date.UTC(2026, 0, 2),
};

/** @param {number} status @param {any} json */
const reply = (status, json) => ({
  status,
  headers: [],
  text: json === undefined ? '' : JSON.stringify(json),
  json,
  took: 1,
});

for (const track of Object.values(TRACKS)) {
  for (const step of track.steps) {
    test(`${track.name}: ${step.id}`, () => {
      const words = track.words[step.id];
      assert.ok(words.title);
      assert.ok(words.what.length >= 2 && words.what.length <= 3);
      assert.ok(t.groups[step.group]);
      if (step.variants.length > 1) {
        for (const { id } of step.variants) assert.ok(words.ways?.[id], `the way ${id} has no name`);
      }
      for (const control of step.controls) {
        assert.ok(t.controls[control.key], `${control.key} has no label`);
        for (const id of control.only ?? []) assert.ok(step.variants.some((variant) => variant.id === id));
      }
      for (const variant of step.variants) {
        for (const name of [...step.needs, ...(variant.needs ?? [])]) {
          assert.ok(t.values[name], `${name} has no words`);
          const typedHere = step.controls.some((control) => control.key === name);
          assert.ok(giver(track, name, step.id) || typedHere || ['otp', 'mfaToken'].includes(name), `${name} comes from nowhere`);
        }
        assert.deepEqual(missing(step, variant, VALUES), []);
        const request = variant.request(VALUES);
        assert.ok(request.url.startsWith(VALUES.base));
        assert.ok(!/undefined|null|\[object/.test(request.url + (bodyText(request.body) ?? '')));
        for (const language of LANGUAGES) assert.ok(snippet(language, request).length > 20);
        // Before anything is known it is shown as well.
        assert.ok(variant.request({ base: VALUES.base }).method);
      }
      if (step.poke) assert.equal(step.poke(VALUES).method, 'POST');
    });
  }
  test(`${track.name}: no step has no words and no words lack a step`, () => {
    assert.deepEqual(Object.keys(track.words).sort(), track.steps.map((step) => step.id).sort());
  });
}

test('the tutorial of the vendor is all there', () => {
  const ids = TRACKS.particle.steps.map((step) => step.id);
  for (const id of ['devices', 'variable', 'function', 'three-ways', 'product-token', 'rename', 'ping', 'notes', 'vitals', 'customer', 'claim-code', 'customer-token', 'publish', 'stream']) {
    assert.ok(ids.includes(id), id);
  }
});

test('names in addresses are encoded', () => {
  const step = TRACKS.particle.steps.find((each) => each.id === 'variable');
  assert.match(step?.variants[0].request(VALUES).url ?? '', /\/sensor%2F%C3%A4$/);
});

test('the token goes in three ways', () => {
  const ways = TRACKS.particle.steps.find((each) => each.id === 'three-ways')?.variants.map((each) => each.request(VALUES)) ?? [];
  assert.deepEqual(allHeaders(ways[0]), [['Authorization', `Bearer ${VALUES.token}`]]);
  assert.match(bodyText(ways[1].body) ?? '', new RegExp(`access_token=${VALUES.token}`));
  assert.ok(ways[2].url.endsWith(`?access_token=${VALUES.token}`));
  assert.deepEqual([allHeaders(ways[1]).length, allHeaders(ways[2]).length], [1, 0]);
});

test('what a stream is poked with is heard on it', () => {
  assert.equal(heard(VALUES).event, 'tutorial/hello');
  assert.equal(heard({ ...VALUES, prefix: 'door' }).event, 'door');
  assert.equal(heard({ ...VALUES, prefix: '' }).event, 'tutorial/hello');
});

test('secrets are known, names are not', () => {
  const secrets = secretsOf({ ...VALUES, hidden: ['r'.repeat(40)] });
  for (const name of ['token', 'ownSecret', 'clientSecret', 'productToken', 'customerToken', 'keySecret', 'password']) {
    assert.ok(secrets.includes(VALUES[/** @type {keyof typeof VALUES} */ (name)]), name);
  }
  assert.ok(secrets.includes('r'.repeat(40)));
  assert.ok(!secrets.includes(VALUES.device));
});

test('values are what they read as', () => {
  assert.deepEqual(['21.5', 'true', 'on', '"x"', '{"lat":1}', ''].map(typed), [21.5, true, 'on', 'x', { lat: 1 }, '']);
});

test('forms leave out what is not there', () => {
  assert.deepEqual(form({ a: 1, b: undefined, c: '', d: null }).fields, [['a', '1'], ['c', '']]);
});

/** @type {[string, number, any][]} */
const ERRORS = [
  ['timedOut', 404, { ok: false, error: 'timed out' }],
  ['unknownVariable', 404, { ok: false, error: 'Unknown Variable: x' }],
  ['unknownFunction', 404, { ok: false, error: 'Function x not found' }],
  ['noToken', 400, { error: 'invalid_request', error_description: 'The access token was not found' }],
  ['badToken', 401, { error: 'invalid_token', error_description: 'The access token provided is invalid.' }],
  ['expired', 401, { error: 'invalid_token', error_description: 'The access token provided has expired.' }],
  ['wrongPassword', 400, { error: 'invalid_grant', error_description: 'User credentials are invalid' }],
  ['wrongClient', 400, { error: 'invalid_client', error_description: 'Client credentials are invalid' }],
  ['wrongScope', 400, { error: 'invalid_scope', error_description: 'Invalid scope' }],
  ['wrongBearer', 403, { ok: false, error: 'Permission Denied', error_description: 'x' }],
  ['mfa', 403, { error: 'mfa_required', mfa_token: 'x' }],
  ['notFound', 404, { id: 'x', code: 'not_found', status: 404, detail: 'There is no such thing.' }],
  ['badToken', 401, { code: 'unauthorized', status: 401, detail: 'The token has been revoked.' }],
  ['refused', 400, { code: 'invalid_request', detail: 'value: Expected a number.' }],
  ['tooMany', 429, {}],
  ['server', 503, undefined],
  ['unreachable', 0, undefined],
];
for (const [word, status, body] of ERRORS) {
  test(`an error is explained: ${word} ${status}`, () => {
    assert.equal(explain(reply(status, body)), word);
    assert.ok(t.errors[word]);
  });
}

test('a success needs no explanation, sometimes a remark', () => {
  assert.equal(explain(reply(200, {})), null);
  /** @type {[string, string, any, string][]} */
  const cases = [
    ['ping', 'one', { online: false, ok: true }, 'pingedOffline'],
    ['function', 'json', { return_value: -1 }, 'saidNo'],
    ['devices', 'with', [], 'noDevices'],
    ['series', 'raw', { responses: [{ count_values: 0 }] }, 'noValues'],
    ['publish', 'one', undefined, 'empty'],
  ];
  for (const [step, way, body, word] of cases) {
    assert.equal(remark(step, way, reply(200, body)), word);
    assert.ok(t.remarks[word]);
  }
  assert.equal(remark('ping', 'one', reply(200, { online: true })), null);
});

test('programs for MQTT hold awkward values as they are', () => {
  const place = {
    host: 'rookery.local',
    securePort: 8443,
    mqttPort: 8884,
    key: 'k',
    secret: 'it\'s "s\\ecret',
    thing: VALUES.thing,
    variable: 'temp"erature',
    value: 'a\nb',
  };
  for (const text of [mqttScript(place), mqttPython(place)]) {
    assert.ok(text.includes('"temp\\"erature"'));
    assert.ok(text.includes('"it\'s \\"s\\\\ecret"'));
    assert.ok(text.includes('"a\\nb"'));
  }
  assert.match(mqttPython({ ...place, value: true }), /4: True/);
  assert.match(mqttPython({ ...place, value: 21.5 }), /2: 21\.5/);
});
