/** What an answer means, beside the answer itself. Pure: a reply goes in, a word for the strings comes out. */

/** @typedef {import('./steps.js').Reply} Reply */

/** Errors of both APIs, the narrower first. @type {[string, (reply: Reply, said: string) => boolean][]} */
const ERRORS = [
  ['unreachable', (reply) => reply.status === 0],
  ['mfa', (reply) => reply.json?.error === 'mfa_required'],
  ['timedOut', (_, said) => said.includes('timed out')],
  ['unknownVariable', (_, said) => said.includes('unknown variable')],
  ['unknownFunction', (reply, said) => reply.status === 404 && /function .* not found/.test(said)],
  ['noToken', (_, said) => said.includes('access token was not found') || said.includes('an access token is needed')],
  ['twice', (_, said) => said.includes('only one method may be used')],
  ['expired', (_, said) => said.includes('has expired')],
  ['badToken', (reply) => reply.status === 401],
  ['wrongPassword', (_, said) => said.includes('user credentials are invalid')],
  ['wrongClient', (_, said) => said.includes('client credentials are invalid')],
  ['wrongGrant', (_, said) => said.includes('grant type is unauthorised')],
  ['wrongScope', (reply) => reply.json?.error === 'invalid_scope'],
  ['customerExists', (_, said) => said.includes('customer already exists')],
  ['noVitals', (_, said) => said.includes('no diagnostics')],
  ['offlineClaim', (reply, said) => reply.status === 404 && said.includes('online')],
  ['wrongBearer', (reply, said) => reply.status === 403 && said.includes('permission denied')],
  ['notYours', (reply) => reply.status === 403],
  ['notFound', (reply) => reply.status === 404],
  ['conflict', (reply) => reply.status === 409 || reply.status === 412],
  ['tooMany', (reply) => reply.status === 429],
  ['server', (reply) => reply.status >= 500],
  ['refused', (reply) => reply.status >= 400],
];

/**
 * Which explanation fits an answer that is a refusal; null for a success.
 * @param {Reply} reply
 * @returns {string | null}
 */
export function explain(reply) {
  if (reply.status >= 200 && reply.status < 300) return null;
  const said = words(reply).toLowerCase();
  return ERRORS.find(([, fits]) => fits(reply, said))?.[0] ?? 'refused';
}

/** What the server said about it, in its own words. @param {Reply} reply */
function words(reply) {
  const { json } = reply;
  if (json === null || typeof json !== 'object') return reply.text;
  return [json.error, json.error_description, json.info, json.detail, json.message].filter((part) => typeof part === 'string').join(' ');
}

/**
 * A success that says something worth pointing at; null otherwise.
 * @param {string} step @param {string} variant @param {Reply} reply
 * @returns {string | null}
 */
export function remark(step, variant, reply) {
  const { json } = reply;
  if (step === 'ping' && json?.online === false) return 'pingedOffline';
  if (typeof json?.return_value === 'number' && json.return_value < 0) return 'saidNo';
  if (step === 'devices' && variant === 'with' && Array.isArray(json) && json.length === 0) return 'noDevices';
  if (step === 'import' && variant === 'import' && json?.nonmemberDeviceIds?.length) return 'notImportable';
  if (step === 'import' && variant === 'import' && json?.existingDeviceIds?.length) return 'alreadyThere';
  if (step === 'claim' && variant === 'look' && json?.owner === null) return 'nobodys';
  if (Array.isArray(json?.responses) && json.responses.every((/** @type {any} */ each) => each.count_values === 0)) return 'noValues';
  if (reply.text === '' && (reply.status === 200 || reply.status === 204)) return 'empty';
  return null;
}
