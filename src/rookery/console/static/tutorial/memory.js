/** What the tutorial remembers: in the memory of this page, so that a reload forgets every token and secret. */
import { signal } from '../html.js';
import { session } from '../api/session.js';

/** @typedef {import('./steps.js').Values} Values */
/** @typedef {import('./steps.js').Reply} Reply */

/** What the reader has typed and what the steps have brought. @type {import('../html.js').Signal<Values>} */
export const values = signal(/** @type {Values} */ ({}));

/** Steps and ways that have worked: `particle/function` and `particle/function/json`. */
export const done = signal(/** @type {ReadonlySet<string>} */ (new Set()));

/** The last reply of each way. */
export const replies = signal(/** @type {ReadonlyMap<string, Reply>} */ (new Map()));

/** Whether secrets are shown in full. */
export const revealed = signal(false);

/** The language that code is shown in. */
export const language = signal(/** @type {import('./snippets.js').Language} */ ('curl'));

/** @param {Values} changes */
export function remember(changes) {
  values.value = { ...values.peek(), ...changes };
}

/** @param {string[]} names */
export function markDone(...names) {
  done.value = new Set([...done.peek(), ...names]);
}

/** @param {string} way @param {Reply} reply */
export function keepReply(way, reply) {
  replies.value = new Map([...replies.peek(), [way, reply]]);
}

/** What there is to begin with. Values that are there already stay. */
export function begin() {
  values.value = {
    base: location.origin,
    email: session.peek().person?.email ?? '',
    lifetime: '3600',
    argument: 'on',
    newName: 'tutorial_lamp',
    notes: 'By the door, second shelf',
    event: 'tutorial/hello',
    data: '{"t": 21.5}',
    prefix: 'tutorial',
    productName: 'Tutorial lamp',
    clientName: 'My server',
    customerName: uuid(),
    thingName: 'Tutorial thing',
    value: '21.5',
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC',
    ...values.peek(),
    now: Date.now(),
  };
}

/** `crypto.randomUUID` lacks where the page came without TLS. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
