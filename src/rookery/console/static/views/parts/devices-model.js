/** What the console knows of a board, and words for it. */
import { platformLabel } from './connect-models.js';
import { t } from '../../strings/devices.js';

/**
 * @typedef {object} Device as `GET /console/api/devices` shows it
 * @property {string} id
 * @property {string} hex_id
 * @property {'arduino'|'particle'} dialect
 * @property {string} name
 * @property {string} type
 * @property {number|string|null} platform
 * @property {boolean} online
 * @property {number|null} last_heard
 * @property {{id: string, number: number, name: string}|null} product
 * @property {string[]} groups
 * @property {Record<string, string>} tags
 * @property {{id: string, name: string}|null} thing
 * @property {string|null} owner
 */

/** @typedef {{devices: Device[], total: number, page: number, per_page: number}} DevicePage */

/**
 * How a board is called where it has no name.
 * @param {{name?: string|null}} device
 */
export const nameOf = (device) => device.name?.trim() || t.unnamed;

/** @type {Record<string, string>} Device types of the Arduino API. */
const FAMILIES = {
  mkr1000: 'MKR WiFi 1000',
  mkrwifi1010: 'MKR WiFi 1010',
  nano_33_iot: 'Nano 33 IoT',
  mkrgsm1400: 'MKR GSM 1400',
  mkrnb1500: 'MKR NB 1500',
  mkrwan1300: 'MKR WAN 1300',
  mkrwan1310: 'MKR WAN 1310',
  envie_m7: 'Portenta H7',
  nanorp2040connect: 'Nano RP2040 Connect',
  nicla_vision: 'Nicla Vision',
  opta: 'Opta',
  giga: 'GIGA R1 WiFi',
  portenta_c33: 'Portenta C33',
  unor4wifi: 'UNO R4 WiFi',
  nano_nora: 'Nano ESP32',
  phone: 'Phone',
  portenta_x8: 'Portenta X8',
  unoq: 'UNO Q',
  login_and_secretkey_wifi: 'Wi-Fi board',
  generic_device_secretkey: 'Python or JavaScript',
  'lora-device': 'LoRa device',
};

/**
 * The model of a board, as far as it is known.
 * @param {{dialect: string, type: string}} device
 */
export function modelOf(device) {
  return device.dialect === 'particle' ? platformLabel(device.type) : (FAMILIES[device.type] ?? device.type);
}

/**
 * Runs one call for each item, a few at a time, and tells which failed and why.
 * @template T
 * @param {T[]} items
 * @param {(item: T) => Promise<unknown>} call
 * @param {(done: number) => void} onDone
 * @returns {Promise<{item: T, message: string}[]>}
 */
export async function forEach(items, call, onDone) {
  /** @type {{item: T, message: string}[]} */
  const failed = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < items.length) {
      const item = items[next++];
      try {
        await call(item);
      } catch (error) {
        failed.push({ item, message: error instanceof Error ? error.message : String(error) });
      }
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return failed;
}

/** Calls under way: browsers allow six connections to one host, and the page needs some itself. */
const AT_ONCE = 4;
