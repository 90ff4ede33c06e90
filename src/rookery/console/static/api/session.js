/** Who is signed in, and in which space they work. */
import { computed, signal } from '../html.js';

/** @typedef {{id: string, email: string, name: string, operator: boolean, mfa: boolean}} Person */
/** @typedef {{id: string, name: string, slug: string, kind: string, role: string}} Space */
/** @typedef {object} ServerFacts
 * @property {string} name
 * @property {string} version
 * @property {string} url
 * @property {string} secure_url
 * @property {Record<string, number[]>} ports
 * @property {{simulated: boolean}} features
 * @property {number} started
 * @property {string[]} [hosts]
 */
/** @typedef {object} Session
 * @property {boolean} signed_in
 * @property {Person | null} person
 * @property {string | null} space id of the person's own space
 * @property {Space[]} spaces
 * @property {ServerFacts} server when signed out, only its `version` can be relied on
 */

/** @type {Session} */
const NOBODY = {
  signed_in: false,
  person: null,
  space: null,
  spaces: [],
  server: { name: '', version: '', url: '', secure_url: '', ports: {}, features: { simulated: false }, started: 0 },
};

/** The session as the server last told it. */
export const session = signal(NOBODY);
/** Whether the server has answered who is signed in. */
export const known = signal(false);
/** A request was refused because nobody is signed in any more: the shell asks to sign in over the page. */
export const expired = signal(false);

const CHOICE = 'rookery.space';
const chosen = signal(read(CHOICE));

/** @param {string} key */
function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** The space that lists are made of: the chosen one while the person is in it, else their own. */
export const space = computed(() => {
  const { spaces, space: own } = session.value;
  return spaces.find((each) => each.id === chosen.value) ?? spaces.find((each) => each.id === own) ?? spaces[0] ?? null;
});

/** @param {string} id */
export function chooseSpace(id) {
  chosen.value = id;
  try {
    localStorage.setItem(CHOICE, id);
  } catch {
    // Private windows may forbid it; the choice then lasts as long as the page.
  }
}

/** The other tabs of this browser: they have the same cookie, and hear when somebody signs in or out with it. */
const tabs = globalThis.document && 'BroadcastChannel' in globalThis ? new BroadcastChannel('rookery.session') : null;
tabs?.addEventListener('message', () => void (expired.value ? refresh().catch(() => {}) : verify()));

/** @type {Array<() => void>} */
let waiting = [];

/** Resolves once somebody signed in again over the page; rejects when they leave it.
 * @returns {Promise<void>} */
export function signedInAgain() {
  expired.value = true;
  return new Promise((resolve) => waiting.push(resolve));
}

/** @param {Session} value */
function take(value) {
  const other = session.value.person && value.person && session.value.person.id !== value.person.id;
  // What was typed belongs to somebody else: nothing of it may stay.
  if (other && expired.value) {
    location.reload();
    return;
  }
  session.value = { ...NOBODY, ...value, server: { ...NOBODY.server, ...value.server } };
  known.value = true;
  if (!value.signed_in) return;
  expired.value = false;
  const resolve = waiting;
  waiting = [];
  resolve.forEach((each) => each());
}

/** @param {string} method @param {string} path @param {unknown} [body] */
async function ask(method, path, body) {
  const { own } = await import('./rest.js');
  return own(method, path, { body, anyone: true });
}

/** What first.js has asked already, once. @returns {Promise<Session | null>} */
async function early() {
  const page = /** @type {{rookery?: {session?: Promise<Response> | null}}} */ (globalThis);
  const asked = page.rookery?.session;
  if (!asked) return null;
  page.rookery = {};
  try {
    const answer = await asked;
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** Asks the server again who is signed in. */
export async function refresh() {
  const first = await early();
  if (first) {
    take(first);
    return;
  }
  take(await ask('GET', 'session'));
}

/** Looks whether the session still holds, because the live connection was refused: if not, the shell asks to sign in. */
export async function verify() {
  if (expired.value || !session.value.signed_in) return;
  try {
    const told = await ask('GET', 'session');
    if (!told.signed_in) expired.value = true;
  } catch {
    // Nobody answers: that is the live connection's matter.
  }
}

/** Signs in. Resolves to null, or to a token that has to come back with the code of the second factor.
 * @param {string} email
 * @param {string} password
 * @returns {Promise<string | null>} */
export async function signIn(email, password) {
  try {
    take(await ask('POST', 'session', { email, password }));
    tabs?.postMessage('begun');
    return null;
  } catch (error) {
    const detail = /** @type {{detail?: {error?: string, mfa?: string}}} */ (error).detail;
    if (detail?.error === 'mfa_required' && detail.mfa) return detail.mfa;
    throw error;
  }
}

/** The second factor: six digits of the authenticator, anything else is a recovery code.
 * @param {string} mfa @param {string} code */
export async function signInWithCode(mfa, code) {
  take(await ask('POST', 'session/otp', { mfa, ...(/^\d{6}$/.test(code) ? { otp: code } : { recovery: code }) }));
  tabs?.postMessage('begun');
}

/** What the one-time link answered is a session, too. @param {Session} value */
export function signedIn(value) {
  take(value);
}

export async function signOut() {
  await ask('DELETE', 'session');
  tabs?.postMessage('ended');
  session.value = { ...NOBODY, server: session.value.server };
  // A fresh page: nothing of the last person stays in memory.
  location.assign('/console/sign-in');
}
