/** The second half of the Particle track: boards of a product, its customers, and who hears what (particle-rest.md §8). */
import { heard, LIFETIMES, publishing } from './particle.js';
import { authorized, enc, form, url } from './steps.js';

/** @typedef {import('./steps.js').Step} Step */
/** @typedef {import('./steps.js').Values} Values */

/** @param {Values} v */
const product = (v) => url(v, `/v1/products/${enc(v.product)}`);
/** @param {Values} v */
const member = (v) => `${product(v)}/devices/${enc(v.device)}`;
/** @param {Values} v */
const device = (v) => url(v, `/v1/devices/${enc(v.device)}`);
const BOARD = /** @type {import('./steps.js').Control} */ ({ key: 'device', kind: 'device' });

/** @type {Step[]} */
export const CUSTOMERS = [
  {
    id: 'import',
    group: 'products',
    needs: ['token', 'product', 'device'],
    controls: [BOARD],
    variants: [
      {
        id: 'import',
        request: (v) => authorized(v.token, 'POST', `${product(v)}/devices`, { body: form({ id: v.device ?? '' }) }),
      },
      { id: 'list', request: (v) => authorized(v.token, 'GET', `${product(v)}/devices?page=1&perPage=25&sortAttr=deviceName`) },
    ],
  },
  {
    id: 'product-call',
    group: 'products',
    needs: ['productToken', 'product'],
    controls: [
      { ...BOARD, only: ['variable', 'function'] },
      { key: 'variable', kind: 'variable', only: ['variable'] },
      { key: 'function', kind: 'function', only: ['function'] },
      { key: 'argument', kind: 'text', only: ['function'] },
      { key: 'event', kind: 'text', only: ['publish'] },
      { key: 'data', kind: 'text', only: ['publish'] },
    ],
    variants: [
      {
        id: 'variable',
        needs: ['device', 'variable'],
        request: (v) => authorized(v.productToken, 'GET', `${member(v)}/${enc(v.variable)}`),
      },
      {
        id: 'function',
        needs: ['device', 'function'],
        request: (v) =>
          authorized(v.productToken, 'POST', `${member(v)}/${enc(v.function)}`, { body: form({ arg: v.argument ?? '' }) }),
      },
      { id: 'publish', needs: ['event'], request: (v) => publishing(v.productToken, `${product(v)}/events`, v) },
    ],
  },
  {
    id: 'customer',
    group: 'customers',
    needs: ['product'],
    controls: [{ key: 'customerName', kind: 'text', only: ['create'] }],
    variants: [
      {
        id: 'create',
        needs: ['client', 'clientSecret', 'customerName'],
        request: (v) => ({
          method: 'POST',
          url: `${product(v)}/customers`,
          basic: [v.client ?? '', v.clientSecret ?? ''],
          body: form({ email: v.customerName ?? '', no_password: 'true', grant_type: 'client_credentials' }),
        }),
        keep: (reply, v) => ({ customer: v.customerName, customerToken: reply.json.access_token }),
      },
      {
        id: 'list',
        needs: ['productToken'],
        request: (v) => authorized(v.productToken, 'GET', `${product(v)}/customers?page=1&perPage=25`),
      },
    ],
  },
  {
    id: 'claim-code',
    group: 'customers',
    needs: ['product', 'customerToken'],
    controls: [],
    variants: [
      {
        id: 'one',
        request: (v) =>
          authorized(v.customerToken, 'POST', `${product(v)}/device_claims`, { body: form({ imei: '', iccid: '' }) }),
        keep: (reply) => ({ claimCode: reply.json.claim_code }),
      },
    ],
  },
  {
    id: 'customer-token',
    group: 'customers',
    needs: ['client', 'clientSecret', 'customer'],
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
            scope: `customer=${v.customer ?? ''}`,
            expires_in: v.lifetime,
          }),
        }),
        keep: (reply) => ({ customerToken: reply.json.access_token }),
      },
    ],
  },
  {
    id: 'claim',
    group: 'customers',
    needs: ['product', 'device'],
    controls: [BOARD],
    variants: [
      { id: 'release', needs: ['token'], request: (v) => authorized(v.token, 'DELETE', `${member(v)}/owner`) },
      {
        id: 'claim',
        needs: ['customerToken'],
        request: (v) => authorized(v.customerToken, 'POST', url(v, '/v1/devices'), { body: form({ id: v.device ?? '' }) }),
      },
      { id: 'look', needs: ['token'], request: (v) => authorized(v.token, 'GET', member(v)) },
    ],
  },
  {
    id: 'customer-call',
    group: 'customers',
    needs: ['customerToken', 'device'],
    controls: [
      { key: 'variable', kind: 'variable', only: ['variable'] },
      { key: 'function', kind: 'function', only: ['function'] },
      { key: 'argument', kind: 'text', only: ['function'] },
    ],
    variants: [
      { id: 'devices', request: (v) => authorized(v.customerToken, 'GET', url(v, '/v1/devices')) },
      {
        id: 'variable',
        needs: ['variable'],
        request: (v) => authorized(v.customerToken, 'GET', `${device(v)}/${enc(v.variable)}`),
      },
      {
        id: 'function',
        needs: ['function'],
        request: (v) =>
          authorized(v.customerToken, 'POST', `${device(v)}/${enc(v.function)}`, { body: form({ arg: v.argument ?? '' }) }),
      },
      {
        id: 'refused',
        needs: ['product'],
        refused: true,
        request: (v) => authorized(v.customerToken, 'GET', `${product(v)}/devices`),
      },
    ],
  },
  {
    id: 'product-stream',
    group: 'customers',
    extra: 'stream',
    needs: ['product', 'productToken'],
    controls: [{ key: 'prefix', kind: 'text' }],
    variants: [
      {
        id: 'one',
        request: (v) =>
          authorized(v.productToken, 'GET', `${product(v)}/events${v.prefix ? `/${enc(v.prefix)}` : ''}`, { stream: true }),
      },
    ],
    poke: (v) =>
      v.customerToken
        ? publishing(v.customerToken, url(v, '/v1/devices/events'), heard(v))
        : publishing(v.productToken, `${product(v)}/events`, heard(v)),
  },
  {
    id: 'tidy',
    group: 'customers',
    needs: ['token', 'product'],
    controls: [{ ...BOARD, only: ['release', 'take', 'remove'] }],
    variants: [
      { id: 'release', needs: ['device'], request: (v) => authorized(v.token, 'DELETE', `${member(v)}/owner`) },
      {
        id: 'take',
        needs: ['device'],
        request: (v) => authorized(v.token, 'POST', url(v, '/v1/devices'), { body: form({ id: v.device ?? '' }) }),
      },
      { id: 'remove', needs: ['device'], request: (v) => authorized(v.token, 'DELETE', member(v)) },
      {
        id: 'customer',
        needs: ['customer'],
        request: (v) => authorized(v.token, 'DELETE', `${product(v)}/customers/${enc(v.customer)}`),
        keep: () => ({ customer: '', customerToken: '', claimCode: '' }),
      },
      {
        id: 'client',
        needs: ['client'],
        request: (v) => authorized(v.token, 'DELETE', `${product(v)}/clients/${enc(v.client)}`),
        keep: () => ({ client: '', clientSecret: '', productToken: '' }),
      },
      {
        id: 'product',
        request: (v) => authorized(v.token, 'DELETE', product(v)),
        keep: (_, v) => ({ product: '', products: v.products?.filter((/** @type {any} */ each) => each.id !== v.product) }),
      },
    ],
  },
];
