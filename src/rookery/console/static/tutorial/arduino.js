/** The steps of the Arduino track: a token, a thing with properties, values there and back, history, MQTT. */
import { authorized, enc, form, json, typed, url } from './steps.js';

/** @typedef {import('./steps.js').Step} Step */
/** @typedef {import('./steps.js').Values} Values */

/** @param {Values} v */
const thing = (v) => url(v, `/iot/v2/things/${enc(v.thing)}`);
/** @param {Values} v */
const property = (v) => `${thing(v)}/properties/${enc(v.property)}`;
const THING = /** @type {import('./steps.js').Control} */ ({ key: 'thing', kind: 'thing' });
const PROPERTY = /** @type {import('./steps.js').Control} */ ({ key: 'property', kind: 'property' });

/** @type {Step[]} */
export const ARDUINO = [
  {
    id: 'token',
    group: 'begin',
    needs: ['key', 'keySecret'],
    extra: 'key',
    controls: [
      { key: 'key', kind: 'text' },
      { key: 'keySecret', kind: 'password' },
    ],
    variants: [
      {
        id: 'one',
        request: (v) => ({
          method: 'POST',
          url: url(v, '/iot/v1/clients/token'),
          body: form({
            grant_type: 'client_credentials',
            client_id: v.key ?? '',
            client_secret: v.keySecret ?? '',
            audience: 'https://api2.arduino.cc/iot',
          }),
        }),
        keep: (reply) => ({ arduinoToken: reply.json.access_token }),
      },
    ],
  },
  {
    id: 'devices',
    group: 'begin',
    needs: ['arduinoToken'],
    controls: [],
    variants: [{ id: 'one', request: (v) => authorized(v.arduinoToken, 'GET', url(v, '/iot/v2/devices')) }],
  },
  {
    id: 'things',
    group: 'begin',
    needs: ['arduinoToken'],
    controls: [],
    variants: [
      {
        id: 'with',
        request: (v) => authorized(v.arduinoToken, 'GET', url(v, '/iot/v2/things?show_properties=true')),
        keep: (reply) => ({ things: reply.json }),
      },
      { id: 'without', refused: true, request: (v) => ({ method: 'GET', url: url(v, '/iot/v2/things') }) },
    ],
  },
  {
    id: 'create',
    group: 'things',
    needs: ['arduinoToken', 'thingName'],
    controls: [{ key: 'thingName', kind: 'text' }],
    variants: [
      {
        id: 'one',
        request: (v) =>
          authorized(v.arduinoToken, 'PUT', url(v, '/iot/v2/things'), {
            body: json({ name: v.thingName ?? '', timezone: v.zone, properties: PROPERTIES }),
          }),
        keep: (reply, v) => ({
          thing: reply.json.id,
          things: [...(v.things ?? []), reply.json],
          property: reply.json.properties?.find((/** @type {any} */ each) => each.variable_name === 'temperature')?.id ?? '',
        }),
      },
    ],
  },
  {
    id: 'properties',
    group: 'things',
    needs: ['arduinoToken', 'thing'],
    controls: [THING],
    variants: [{ id: 'one', request: (v) => authorized(v.arduinoToken, 'GET', `${thing(v)}/properties`) }],
  },
  {
    id: 'publish',
    group: 'things',
    needs: ['arduinoToken', 'thing', 'property', 'value'],
    controls: [THING, PROPERTY, { key: 'value', kind: 'value' }],
    variants: [
      {
        id: 'one',
        request: (v) =>
          authorized(v.arduinoToken, 'PUT', `${property(v)}/publish`, { body: json({ value: typed(v.value ?? '') }) }),
      },
    ],
  },
  {
    id: 'last',
    group: 'things',
    needs: ['arduinoToken', 'thing', 'property'],
    controls: [THING, PROPERTY],
    variants: [{ id: 'one', request: (v) => authorized(v.arduinoToken, 'GET', property(v)) }],
  },
  {
    id: 'batch',
    group: 'history',
    needs: ['arduinoToken', 'thing', 'property'],
    controls: [THING, PROPERTY],
    variants: [
      {
        id: 'one',
        request: (v) => authorized(v.arduinoToken, 'PUT', `${property(v)}/publish_batch`, { body: json(hour(v)) }),
      },
    ],
  },
  {
    id: 'series',
    group: 'history',
    needs: ['arduinoToken', 'thing', 'property'],
    controls: [THING, PROPERTY],
    variants: [
      {
        id: 'raw',
        request: (v) =>
          authorized(v.arduinoToken, 'POST', url(v, '/iot/v2/series/batch_query_raw'), {
            body: json({ resp_version: 1, requests: [{ q: `property.${v.property}`, sort: 'DESC', series_limit: 100 }] }),
          }),
      },
      {
        id: 'bins',
        request: (v) =>
          authorized(v.arduinoToken, 'POST', url(v, '/iot/v2/series/batch_query'), {
            body: json({
              resp_version: 1,
              requests: [
                { q: `property.${v.property}`, from: ago(v, 7_200), to: ago(v, 0), interval: 600, aggregation: 'AVG' },
              ],
            }),
          }),
      },
      {
        id: 'last',
        request: (v) =>
          authorized(v.arduinoToken, 'POST', url(v, '/iot/v2/series/batch_query_raw/lastvalue'), {
            body: json({ requests: [{ thing_id: v.thing, property_id: v.property }] }),
          }),
      },
    ],
  },
  {
    id: 'mqtt',
    group: 'live',
    extra: 'mqtt',
    needs: ['arduinoToken', 'thing', 'property'],
    controls: [THING, PROPERTY, { key: 'value', kind: 'value' }],
    variants: [
      {
        id: 'one',
        needs: ['value'],
        request: (v) =>
          authorized(v.arduinoToken, 'PUT', `${property(v)}/publish`, { body: json({ value: typed(v.value ?? '') }) }),
      },
    ],
  },
  {
    id: 'tidy',
    group: 'live',
    needs: ['arduinoToken'],
    controls: [{ ...THING, only: ['thing'] }],
    variants: [
      {
        id: 'thing',
        needs: ['thing'],
        request: (v) => authorized(v.arduinoToken, 'DELETE', `${thing(v)}?force=true`),
        keep: (_, v) => ({
          thing: '',
          property: '',
          things: v.things?.filter((/** @type {any} */ each) => each.id !== v.thing),
        }),
      },
      {
        id: 'key',
        needs: ['key'],
        request: (v) => authorized(v.arduinoToken, 'DELETE', url(v, `/iot/v1/clients/${enc(v.key)}`)),
        keep: () => ({ key: '', keySecret: '', arduinoToken: '' }),
      },
    ],
  },
];

/** One to read, one to switch, one to write to. */
const PROPERTIES = [
  { name: 'temperature', type: 'FLOAT', permission: 'READ_WRITE', update_strategy: 'ON_CHANGE' },
  { name: 'light', type: 'STATUS', permission: 'READ_WRITE', update_strategy: 'ON_CHANGE' },
  { name: 'message', type: 'CHARSTRING', permission: 'READ_WRITE', update_strategy: 'ON_CHANGE' },
];

/** @param {Values} v @param {number} seconds */
function ago(v, seconds) {
  return new Date((v.now ?? Date.now()) - seconds * 1_000).toISOString();
}

/** A value every five minutes of the last hour, as a logger would bring them. @param {Values} v */
function hour(v) {
  return Array.from({ length: 12 }, (_, n) => ({
    timestamp: ago(v, (12 - n) * 300),
    value: Math.round((20 + 2 * Math.sin(n / 2)) * 10) / 10,
  }));
}
