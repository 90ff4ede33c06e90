/** The steps of the Particle track: people and boards first, then products with customers (particle-rest.md §0.3). */
import { authorized, enc, form, json, url } from './steps.js';

/** @typedef {import('./steps.js').Step} Step */
/** @typedef {import('./steps.js').Values} Values */
/** @typedef {import('./steps.js').Reply} Reply */

/** Seconds that a token may be asked for. */
export const LIFETIMES = /** @type {[string, string][]} */ ([['3600', 'hour'], ['86400', 'day'], ['0', 'never']]);

/** @param {Values} v */
const device = (v) => url(v, `/v1/devices/${enc(v.device)}`);
/** @param {Values} v */
const product = (v) => url(v, `/v1/products/${enc(v.product)}`);
/** @param {Reply} reply @returns {Values} */
const keepToken = (reply) => ({ token: reply.json.access_token });

/** @type {Step[]} */
export const PARTICLE = [
  {
    id: 'token',
    group: 'boards',
    needs: [],
    extra: 'client',
    controls: [
      { key: 'ownClient', kind: 'text', only: ['client'] },
      { key: 'ownSecret', kind: 'password', only: ['client'] },
      { key: 'email', kind: 'text', only: ['password'] },
      { key: 'password', kind: 'password', only: ['password'] },
      { key: 'otp', kind: 'text', only: ['otp'] },
      { key: 'lifetime', kind: 'choice', options: LIFETIMES, only: ['client', 'password'] },
      { key: 'token', kind: 'password', only: ['have'] },
    ],
    variants: [
      {
        id: 'client',
        needs: ['ownClient', 'ownSecret'],
        request: (v) => ({
          method: 'POST',
          url: url(v, '/oauth/token'),
          body: form({
            grant_type: 'client_credentials',
            client_id: v.ownClient ?? '',
            client_secret: v.ownSecret ?? '',
            expires_in: v.lifetime,
          }),
        }),
        keep: keepToken,
      },
      {
        id: 'password',
        needs: ['email', 'password'],
        request: (v) => ({
          method: 'POST',
          url: url(v, '/oauth/token'),
          basic: ['particle', 'particle'],
          body: form({
            grant_type: 'password',
            username: v.email ?? '',
            password: v.password ?? '',
            expires_in: v.lifetime,
          }),
        }),
        keep: keepToken,
      },
      {
        id: 'otp',
        needs: ['mfaToken', 'otp'],
        request: (v) => ({
          method: 'POST',
          url: url(v, '/oauth/token'),
          basic: ['particle', 'particle'],
          body: form({ grant_type: 'urn:custom:mfa-otp', mfa_token: v.mfaToken ?? '', otp: v.otp ?? '' }),
        }),
        keep: keepToken,
      },
      {
        id: 'have',
        needs: ['token'],
        request: (v) => authorized(v.token, 'GET', url(v, '/v1/access_tokens/current')),
      },
    ],
  },
  {
    id: 'devices',
    group: 'boards',
    needs: [],
    controls: [],
    variants: [
      {
        id: 'with',
        needs: ['token'],
        request: (v) => authorized(v.token, 'GET', url(v, '/v1/devices/')),
        keep: (reply, v) => ({ devices: reply.json, ...firstBoard(reply.json, v) }),
      },
      { id: 'without', refused: true, request: (v) => ({ method: 'GET', url: url(v, '/v1/devices/') }) },
    ],
  },
  {
    id: 'device',
    group: 'boards',
    needs: ['token', 'device'],
    controls: [{ key: 'device', kind: 'device' }],
    variants: [
      {
        id: 'one',
        request: (v) => authorized(v.token, 'GET', device(v)),
        keep: (reply) => ({ described: { ...reply.json } }),
      },
    ],
  },
  {
    id: 'variable',
    group: 'boards',
    needs: ['token', 'device', 'variable'],
    controls: [
      { key: 'device', kind: 'device' },
      { key: 'variable', kind: 'variable' },
    ],
    variants: [
      { id: 'json', request: (v) => authorized(v.token, 'GET', `${device(v)}/${enc(v.variable)}`) },
      { id: 'raw', request: (v) => authorized(v.token, 'GET', `${device(v)}/${enc(v.variable)}?format=raw`) },
    ],
  },
  {
    id: 'function',
    group: 'boards',
    needs: ['token', 'device', 'function'],
    controls: [
      { key: 'device', kind: 'device' },
      { key: 'function', kind: 'function' },
      { key: 'argument', kind: 'text' },
    ],
    variants: [
      {
        id: 'json',
        request: (v) =>
          authorized(v.token, 'POST', `${device(v)}/${enc(v.function)}`, { body: json({ arg: v.argument ?? '' }) }),
      },
      {
        id: 'form',
        request: (v) =>
          authorized(v.token, 'POST', `${device(v)}/${enc(v.function)}`, { body: form({ arg: v.argument ?? '' }) }),
      },
    ],
  },
  {
    id: 'three-ways',
    group: 'boards',
    needs: ['token', 'device'],
    controls: [
      { key: 'device', kind: 'device' },
      { key: 'function', kind: 'function', only: ['form'] },
      { key: 'argument', kind: 'text', only: ['form'] },
    ],
    variants: [
      { id: 'header', request: (v) => authorized(v.token, 'GET', device(v)) },
      {
        id: 'form',
        needs: ['function'],
        request: (v) => ({
          method: 'POST',
          url: `${device(v)}/${enc(v.function)}`,
          body: form({ arg: v.argument ?? '', access_token: v.token ?? '' }),
        }),
      },
      { id: 'query', request: (v) => ({ method: 'GET', url: `${device(v)}?access_token=${enc(v.token)}` }) },
    ],
  },
  {
    id: 'rename',
    group: 'boards',
    needs: ['token', 'device', 'newName'],
    controls: [
      { key: 'device', kind: 'device' },
      { key: 'newName', kind: 'text' },
    ],
    variants: [
      {
        id: 'one',
        request: (v) => authorized(v.token, 'PUT', device(v), { body: json({ name: v.newName ?? '' }) }),
        keep: (reply, v) => ({ devices: named(v.devices, reply.json) }),
      },
    ],
  },
  {
    id: 'ping',
    group: 'boards',
    needs: ['token', 'device'],
    controls: [{ key: 'device', kind: 'device' }],
    variants: [{ id: 'one', request: (v) => authorized(v.token, 'PUT', `${device(v)}/ping`) }],
  },
  {
    id: 'notes',
    group: 'boards',
    needs: ['token', 'device'],
    controls: [
      { key: 'device', kind: 'device' },
      { key: 'notes', kind: 'text', only: ['write'] },
    ],
    variants: [
      { id: 'write', request: (v) => authorized(v.token, 'PUT', device(v), { body: json({ notes: v.notes ?? '' }) }) },
      { id: 'read', request: (v) => authorized(v.token, 'GET', device(v)) },
    ],
  },
  {
    id: 'vitals',
    group: 'boards',
    needs: ['token', 'device'],
    controls: [{ key: 'device', kind: 'device' }],
    variants: [
      { id: 'ask', request: (v) => authorized(v.token, 'POST', url(v, `/v1/diagnostics/${enc(v.device)}/update`)) },
      { id: 'last', request: (v) => authorized(v.token, 'GET', url(v, `/v1/diagnostics/${enc(v.device)}/last`)) },
      { id: 'history', request: (v) => authorized(v.token, 'GET', `${url(v, `/v1/diagnostics/${enc(v.device)}`)}${since(v)}`) },
      {
        id: 'csv',
        request: (v) =>
          authorized(v.token, 'GET', url(v, `/v1/diagnostics/${enc(v.device)}`), { headers: [['Accept', 'text/csv']] }),
      },
    ],
  },
  {
    id: 'publish',
    group: 'boards',
    needs: ['token', 'event'],
    controls: [
      { key: 'event', kind: 'text' },
      { key: 'data', kind: 'text' },
    ],
    variants: [{ id: 'one', request: (v) => publishing(v.token, url(v, '/v1/devices/events'), v) }],
  },
  {
    id: 'stream',
    group: 'boards',
    extra: 'stream',
    needs: ['token'],
    controls: [{ key: 'prefix', kind: 'text' }],
    variants: [
      {
        id: 'one',
        request: (v) =>
          authorized(v.token, 'GET', url(v, `/v1/devices/events${v.prefix ? `/${enc(v.prefix)}` : ''}`), { stream: true }),
      },
    ],
    poke: (v) => publishing(v.token, url(v, '/v1/devices/events'), heard(v)),
  },
  {
    id: 'product',
    group: 'products',
    needs: ['token'],
    controls: [
      { key: 'productName', kind: 'text', only: ['create'] },
      { key: 'product', kind: 'product', only: ['list'] },
    ],
    variants: [
      {
        id: 'create',
        needs: ['productName'],
        request: (v) =>
          authorized(v.token, 'POST', url(v, '/v1/user/products'), {
            body: json({ product: { name: v.productName ?? '', description: '', platform_id: platformOf(v) } }),
          }),
        keep: (reply, v) => ({ product: reply.json.product.id, products: [...(v.products ?? []), reply.json.product] }),
      },
      {
        id: 'list',
        request: (v) => authorized(v.token, 'GET', url(v, '/v1/user/products')),
        keep: (reply, v) => ({ products: reply.json.products, product: v.product || (reply.json.products[0]?.id ?? '') }),
      },
    ],
  },
  {
    id: 'product-client',
    group: 'products',
    needs: ['token', 'product'],
    controls: [{ key: 'clientName', kind: 'text' }],
    variants: [
      {
        id: 'one',
        request: (v) =>
          authorized(v.token, 'POST', `${product(v)}/clients`, {
            body: form({ name: v.clientName || 'My server', type: 'installed' }),
          }),
        keep: (reply) => ({ client: reply.json.client.id, clientSecret: reply.json.client.secret }),
      },
    ],
  },
  {
    id: 'product-token',
    group: 'products',
    needs: ['client', 'clientSecret'],
    controls: [{ key: 'lifetime', kind: 'choice', options: LIFETIMES }],
    variants: [
      {
        id: 'one',
        request: (v) => ({
          method: 'POST',
          url: url(v, '/oauth/token'),
          body: form({
            grant_type: 'client_credentials',
            client_id: v.client ?? '',
            client_secret: v.clientSecret ?? '',
            expires_in: v.lifetime,
          }),
        }),
        keep: (reply) => ({ productToken: reply.json.access_token }),
      },
    ],
  },
  {
    id: 'who-may',
    group: 'products',
    needs: ['product'],
    controls: [],
    variants: [
      { id: 'person', needs: ['token'], request: (v) => authorized(v.token, 'GET', `${product(v)}/devices`) },
      { id: 'product', needs: ['productToken'], request: (v) => authorized(v.productToken, 'GET', `${product(v)}/devices`) },
      {
        id: 'elsewhere',
        needs: ['productToken'],
        refused: true,
        request: (v) => authorized(v.productToken, 'GET', url(v, '/v1/devices')),
      },
    ],
  },
];

/** @param {any} list @param {Values} v @returns {Values} */
function firstBoard(list, v) {
  if (!Array.isArray(list) || list.some((each) => each.id === v.device)) return {};
  const best = list.find((each) => each.online && each.functions?.length) ?? list.find((each) => each.online) ?? list[0];
  return best ? { device: best.id } : {};
}

/** @param {any} list @param {{id: string, name: string}} changed */
function named(list, changed) {
  return Array.isArray(list) ? list.map((each) => (each.id === changed.id ? { ...each, name: changed.name } : each)) : list;
}

/** @param {Values} v */
function platformOf(v) {
  const known = Array.isArray(v.devices) ? v.devices.find((/** @type {any} */ each) => each.id === v.device) : undefined;
  return known?.platform_id ?? 6;
}

/** A day back, without milliseconds, as the tutorial writes times. @param {Values} v */
function since(v) {
  const day = new Date((v.now ?? Date.now()) - 86_400_000);
  return `?start_date=${enc(day.toISOString().replace(/\.\d+Z$/, 'Z'))}`;
}

/** An event that a stream of this prefix hears. @param {Values} v @returns {Values} */
export function heard(v) {
  const event = String(v.event || 'tutorial/hello');
  return { ...v, event: event.startsWith(v.prefix ?? '') ? event : v.prefix };
}

/** @param {string} token @param {string} address @param {Values} v */
export function publishing(token, address, v) {
  return authorized(token, 'POST', address, {
    body: form({ name: v.event ?? '', data: v.data ?? '', private: 'true', ttl: '60' }),
  });
}
