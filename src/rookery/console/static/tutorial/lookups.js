/** What the choices of the controls are made of: asked quietly of the public API, with the reader's own token. */
import { useEffect } from '../html.js';
import { send } from './call.js';
import { remember, values } from './memory.js';
import { authorized, enc, url } from './steps.js';

/** @typedef {import('./steps.js').Values} Values */

/** @param {string} token @param {string} path */
async function fetched(token, path) {
  const reply = await send(authorized(token, 'GET', url(values.peek(), path)));
  return reply.status === 200 ? reply.json : null;
}

/** Keeps boards, what the chosen one offers, things and properties at hand. @param {import('./tracks.js').TrackName} track */
export function useLookups(track) {
  const { token, devices, device, described, arduinoToken, things, thing, property } = values.value;
  const particle = track === 'particle';
  useEffect(() => {
    if (particle && token && !devices) void findBoards(token);
  }, [particle, token, devices]);
  useEffect(() => {
    if (particle && token && device && described?.id !== device) void describe(token, device);
  }, [particle, token, device, described]);
  useEffect(() => {
    if (!particle && arduinoToken && !things) void findThings(arduinoToken);
  }, [particle, arduinoToken, things]);
  useEffect(() => {
    const chosen = things?.find((/** @type {any} */ each) => each.id === thing);
    if (chosen && !chosen.properties?.some((/** @type {any} */ each) => each.id === property)) {
      remember({ property: firstNumber(chosen.properties)?.id ?? '' });
    }
  }, [things, thing, property]);
}

/** @param {string} token */
export async function findBoards(token) {
  const list = await fetched(token, '/v1/devices');
  if (!Array.isArray(list)) return;
  const { device } = values.peek();
  const kept = list.find((each) => each.id === device);
  const best = kept ?? list.find((each) => each.online && each.functions?.length) ?? list.find((each) => each.online) ?? list[0];
  remember({ devices: list, device: best?.id ?? '' });
}

/** @param {string} token @param {string} device */
async function describe(token, device) {
  const found = await fetched(token, `/v1/devices/${enc(device)}`);
  // Another board may have been chosen meanwhile; a customer's board is not shown to its former owner.
  if (!found || values.peek().device !== device) return;
  const variables = Object.keys(found.variables ?? {});
  const functions = found.functions ?? [];
  const { variable, function: chosen } = values.peek();
  remember({
    described: { ...found, id: device },
    variable: variables.includes(variable) ? variable : (variables[0] ?? ''),
    function: functions.includes(chosen) ? chosen : (functions[0] ?? ''),
  });
}

/** @param {string} token */
async function findThings(token) {
  const list = await fetched(token, '/iot/v2/things?show_properties=true');
  if (!Array.isArray(list)) return;
  const first = list.find((each) => each.properties?.length) ?? list[0];
  remember({ things: list, ...(values.peek().thing ? {} : { thing: first?.id ?? '' }) });
}

/** @param {any[] | undefined} properties */
function firstNumber(properties) {
  return properties?.find((each) => typeof each.last_value === 'number' || each.type === 'FLOAT') ?? properties?.[0];
}
