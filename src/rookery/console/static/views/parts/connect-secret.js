/** Secret keys of boards that were made on this page. They live in memory only, until the page is left. */
import { signal } from '../../html.js';
import { iot } from '../../api/rest.js';

/** @typedef {{deviceId: string, key: string, stored: boolean}} Fresh */

/** The newest one. */
export const fresh = signal(/** @type {Fresh|null} */ (null));

/**
 * Makes a new secret key for a board and keeps it to be shown.
 * @param {string} deviceId
 */
export async function keepSecret(deviceId) {
  const { suggested_password: key } = await iot('GET', `/v2/devices/${deviceId}/pass`, { query: { suggested_password: true } });
  await iot('PUT', `/v2/devices/${deviceId}/pass`, { body: { password: key } });
  fresh.value = { deviceId, key, stored: false };
}

/**
 * The key of a board, if it was made just now.
 * @param {string} deviceId
 */
export const secretOf = (deviceId) => (fresh.value?.deviceId === deviceId ? fresh.value : null);
