import { t } from '../strings/app.js';

/** One plain sentence, whichever API refused.
 * @param {number} status @param {any} body @returns {string} */
export function sentence(status, body) {
  const said =
    (body && typeof body === 'object' && (body.message || body.detail || body.error_description || body.info)) ||
    (Array.isArray(body?.errors) && body.errors.map((/** @type {any} */ each) => String(each?.message ?? each)).join(' ')) ||
    (typeof body?.error === 'string' && /\s/.test(body.error) && body.error);
  if (typeof said === 'string' && said) {
    const text = said.length > 600 ? `${said.slice(0, 600)}…` : said;
    return /[.!?…]$/.test(text) ? text : `${text}.`;
  }
  return t.status[/** @type {keyof typeof t.status} */ (status)] ?? t.refused(status);
}
