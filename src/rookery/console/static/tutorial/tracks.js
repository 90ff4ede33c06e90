/** Both tracks with their words, in the order in which they are walked. */
import { ARDUINO } from './arduino.js';
import { CUSTOMERS } from './customers.js';
import { PARTICLE } from './particle.js';
import arduino from '../strings/tutorial-arduino.js';
import particle from '../strings/tutorial-particle.js';

/** @typedef {'particle' | 'arduino'} TrackName */
/** @typedef {{name: TrackName, steps: import('./steps.js').Step[], words: Record<string, import('../strings/tutorial-particle.js').StepText>}} Track */

/** @type {Record<TrackName, Track>} */
export const TRACKS = {
  particle: { name: 'particle', steps: [...PARTICLE, ...CUSTOMERS], words: particle },
  arduino: { name: 'arduino', steps: ARDUINO, words: arduino },
};

/** Which step brings a value. @type {Record<string, string>} */
const GIVERS = {
  device: 'devices',
  variable: 'device',
  function: 'device',
  product: 'product',
  client: 'product-client',
  clientSecret: 'product-client',
  productToken: 'product-token',
  customer: 'customer',
  customerToken: 'customer',
  token: 'token',
  arduinoToken: 'token',
  key: 'token',
  keySecret: 'token',
  thing: 'create',
  property: 'create',
};

/**
 * The step where a missing value comes from; null where it is typed on this one.
 * @param {Track} track @param {string} value @param {string} here id of this step
 */
export function giver(track, value, here) {
  const id = GIVERS[value];
  return id && id !== here ? (track.steps.find((step) => step.id === id) ?? null) : null;
}
