/** A webhook as the editor has it, and as the server has it. Pure. */

/**
 * @typedef {[string, string][]} Pairs
 *
 * @typedef {object} Draft
 * @property {string} name
 * @property {string} event
 * @property {string} url
 * @property {string} requestType
 * @property {'default' | 'form' | 'json' | 'body'} mode
 * @property {string} json
 * @property {Pairs} form
 * @property {string} body
 * @property {Pairs} query
 * @property {Pairs} headers
 * @property {boolean} auth
 * @property {string} username
 * @property {string} password
 * @property {boolean} noDefaults
 * @property {string} deviceID
 * @property {string} responseTopic
 * @property {string} errorResponseTopic
 * @property {string} responseTemplate
 * @property {boolean} unchunked
 * @property {boolean} rejectUnauthorized
 * @property {boolean} disabled
 * @property {Record<string, unknown>} rest what the editor does not show
 */

/** @type {Draft} */
export const NEW = {
  name: '',
  event: '',
  url: '',
  requestType: 'POST',
  mode: 'json',
  json: '{\n  "board": "{{{PARTICLE_DEVICE_ID}}}",\n  "value": "{{{PARTICLE_EVENT_VALUE}}}",\n  "time": "{{{PARTICLE_PUBLISHED_AT}}}"\n}',
  form: [],
  body: '',
  query: [],
  headers: [],
  auth: false,
  username: '',
  password: '',
  noDefaults: true,
  deviceID: '',
  responseTopic: '',
  errorResponseTopic: '',
  responseTemplate: '',
  unchunked: false,
  rejectUnauthorized: true,
  disabled: false,
  rest: {},
};

/** Kept as they are. */
const REST = ['template', 'mydevices', 'dataUrlResponseEvent'];

/** @param {unknown} value */
function text(value) {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
}

/** @param {unknown} object @returns {Pairs} */
function pairsOf(object) {
  return object && typeof object === 'object' ? Object.entries(object).map(([name, value]) => [name, text(value)]) : [];
}

/**
 * What the editor shows of a definition.
 * @param {Record<string, any>} view
 * @returns {Draft}
 */
export function draftOf(view) {
  const mode = view.json !== undefined && view.json !== null ? 'json' : view.body ? 'body' : view.form ? 'form' : 'default';
  return {
    ...NEW,
    name: text(view.name),
    event: text(view.event),
    url: text(view.url),
    requestType: text(view.requestType).toUpperCase() || 'POST',
    mode,
    json: typeof view.json === 'string' ? view.json : mode === 'json' ? JSON.stringify(view.json, null, 2) : '',
    form: pairsOf(view.form),
    body: text(view.body),
    query: pairsOf(view.query),
    headers: pairsOf(view.headers),
    auth: Boolean(view.auth),
    username: text(view.auth?.username),
    password: text(view.auth?.password),
    noDefaults: Boolean(view.noDefaults),
    deviceID: text(view.deviceID),
    responseTopic: text(view.responseTopic),
    errorResponseTopic: text(view.errorResponseTopic),
    responseTemplate: text(view.responseTemplate),
    unchunked: Boolean(view.unchunked),
    rejectUnauthorized: view.rejectUnauthorized !== false,
    disabled: Boolean(view.disabled),
    rest: Object.fromEntries(REST.filter((name) => view[name] !== undefined).map((name) => [name, view[name]])),
  };
}

/** JSON where it is JSON; a template need not be before it is filled. @param {string} written @returns {unknown} */
export function jsonOf(written) {
  try {
    const value = JSON.parse(written);
    return value !== null && typeof value === 'object' ? value : written;
  } catch {
    return written;
  }
}

/** @param {Pairs} pairs @returns {Record<string, string>} */
function objectOf(pairs) {
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}

/** Whether requests of this kind have a body. @param {string} method */
export function hasBody(method) {
  return method === 'POST' || method === 'PUT';
}

/**
 * The whole definition, as `PUT` takes it.
 * @param {Draft} draft
 * @returns {Record<string, unknown>}
 */
export function definitionOf(draft) {
  /** @type {Record<string, unknown>} */
  const made = {
    integration_type: 'Webhook',
    ...draft.rest,
    event: draft.event,
    url: draft.url,
    requestType: draft.requestType,
    noDefaults: draft.noDefaults,
    rejectUnauthorized: draft.rejectUnauthorized,
    disabled: draft.disabled,
  };
  const mode = hasBody(draft.requestType) ? draft.mode : draft.form.length ? 'form' : 'default';
  if (mode === 'json' && draft.json.trim()) made.json = jsonOf(draft.json);
  if (mode === 'body' && draft.body) made.body = draft.body;
  if (mode === 'form' && draft.form.length) made.form = objectOf(draft.form);
  if (draft.query.length) made.query = objectOf(draft.query);
  if (draft.headers.length) made.headers = objectOf(draft.headers);
  if (draft.auth && draft.username) made.auth = { username: draft.username, password: draft.password };
  if (draft.unchunked) made.unchunked = true;
  for (const name of /** @type {const} */ (['name', 'deviceID', 'responseTopic', 'errorResponseTopic', 'responseTemplate'])) {
    if (draft[name]) made[name] = draft[name];
  }
  return made;
}

/** Names that the data of an event brings. @param {string} data @returns {string[]} */
export function namesOf(data) {
  const value = jsonOf(data);
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.keys(value) : [];
}

/** Where an integration lives: `""` is the person's own, `product:1000`, `org:slug`. @param {string} place */
export function pathOf(place) {
  const [kind, ...name] = place.split(':');
  if (kind === 'product') return `/v1/products/${encodeURIComponent(name.join(':'))}/integrations`;
  if (kind === 'org') return `/v1/orgs/${encodeURIComponent(name.join(':'))}/integrations`;
  return '/v1/integrations';
}

/** @param {string} id @param {string} place @param {string} [tab] */
export function pageOf(id, place, tab = '') {
  return `/console/integrations/${id}${tab ? `/${tab}` : ''}${place ? `?place=${encodeURIComponent(place)}` : ''}`;
}
