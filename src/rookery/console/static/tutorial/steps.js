/**
 * What a step of the tutorial is, and the small words its requests are written with. Pure: nothing here knows the page.
 *
 * `Values` is what the reader has typed and what earlier steps have brought: one step's token is the next one's header.
 */

/** @typedef {import('./snippets.js').Request} Request */
/** @typedef {Record<string, any>} Values */

/**
 * @typedef {object} Reply
 * @property {number} status 0 when nothing came back
 * @property {[string, string][]} headers
 * @property {string} text
 * @property {any} json undefined when it is no JSON
 * @property {number} took milliseconds
 */

/**
 * @typedef {object} Control
 * @property {string} key of the value it sets
 * @property {'text' | 'password' | 'number' | 'choice' | 'device' | 'variable' | 'function' | 'product' | 'thing' | 'property' | 'value'} kind
 * @property {[string, string][]} [options] value and label, of a choice
 * @property {string[]} [only] variants that show it
 */

/**
 * @typedef {object} Variant
 * @property {string} id
 * @property {(values: Values) => Request} request
 * @property {string[]} [needs] values, on top of those of the step
 * @property {(reply: Reply, values: Values) => Values} [keep] what the answer brings
 * @property {boolean} [refused] the answer that is wanted is a refusal
 */

/**
 * @typedef {object} Step
 * @property {string} id part of the address
 * @property {string} group heading in the list of steps
 * @property {string[]} needs values without which it can not be sent
 * @property {Control[]} controls
 * @property {Variant[]} variants one, or several that the reader chooses from
 * @property {'client' | 'key' | 'stream' | 'mqtt'} [extra] what the page adds: a client or a key made on the spot, …
 * @property {(values: Values) => Request} [poke] a request that makes a stream say something
 */

/** @param {Values} values @param {string} path */
export function url(values, path) {
  return `${values.base}${path}`;
}

/** @param {unknown} part */
export function enc(part) {
  const text = String(part ?? '');
  // Not filled in yet: the address shows where it belongs, and nothing is sent.
  return text === '' ? '…' : encodeURIComponent(text);
}

/**
 * A request with a token in its header.
 * @param {string} token @param {string} method @param {string} address @param {Partial<Request>} [more]
 * @returns {Request}
 */
export function authorized(token, method, address, more = {}) {
  return { method, url: address, headers: [['Authorization', `Bearer ${token ?? ''}`], ...(more.headers ?? [])], ...without(more) };
}

/** @param {Partial<Request>} more */
function without(more) {
  const { headers: _, ...rest } = more;
  return rest;
}

/**
 * A form. Fields without a value are left out.
 * @param {Record<string, unknown>} fields
 * @returns {{kind: 'form', fields: [string, string][]}}
 */
export function form(fields) {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return { kind: 'form', fields: pairs.map(([name, value]) => [name, String(value)]) };
}

/** @param {unknown} value @returns {{kind: 'json', value: unknown}} */
export function json(value) {
  return { kind: 'json', value };
}

/**
 * What a value typed into one line is: JSON where it reads as such, otherwise text.
 * @param {string} text
 * @returns {unknown}
 */
export function typed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a step still waits for. @param {Step} step @param {Variant} variant @param {Values} values */
export function missing(step, variant, values) {
  return [...step.needs, ...(variant.needs ?? [])].filter((name) => values[name] === undefined || values[name] === '');
}

/** Values that are shortened on the page. */
export const SECRETS = [
  'token', 'ownSecret', 'password', 'mfaToken', 'clientSecret', 'productToken', 'customerToken', 'keySecret', 'arduinoToken',
];

/** @param {Values} values @returns {string[]} */
export function secretsOf(values) {
  return [...SECRETS.map((name) => values[name]), ...(values.hidden ?? [])].filter((value) => typeof value === 'string' && value !== '');
}
