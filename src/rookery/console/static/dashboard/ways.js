/**
 * How a page hears of a board: as somebody who may use it, or through a dashboard, which opens what its widgets name and
 * nothing else. Through a dashboard the server asks a board at most every ten seconds, whoever looks, and calls nothing.
 *
 * @typedef {import('./sources.js').Source} Source
 * @typedef {{name: string, data: any, time: number, binary?: boolean}} Published
 * @typedef {object} Heard what a board says by itself
 * @property {(board: {online: boolean, time: number|null}) => void} presence
 * @property {(event: Published) => void} event
 * @property {() => void} gone the board is not there, or nothing of it is shown here any more
 */
/**
 * @typedef {object} Way
 * @property {number} poll ms between two questions to a board
 * @property {(source: Source) => Promise<[number, any]>} value of a variable, with its time
 * @property {(source: Source, arg: string) => Promise<void>} [call] a function; without it nothing can be called
 * @property {(source: Source) => Promise<Published[]>} before events of the board, newest first
 * @property {(source: Source, heard: Heard) => () => void} listen
 */
import { live } from '../api/live.js';
import { own, v1 } from '../api/rest.js';

/** A board answers a variable in 0.1 to 3 s and pays for each: every five seconds is what an eye needs. */
const POLL = 5_000;
/** As long as the server remembers an answer for those who only look. */
const LOOKING = 10_000;
/** Events of the board looked back at. */
const BEFORE = 200;

const encoded = encodeURIComponent;

/** @param {Source} source */
const pathOf = (source) => `/v1/devices/${encoded(source.device)}/${encoded(source.name)}`;

/** @type {Way} */
export const OWN = {
  poll: POLL,
  value: async (source) => {
    const reply = await v1('GET', pathOf(source));
    return [Date.now(), reply.result];
  },
  call: async (source, arg) => {
    await v1('POST', pathOf(source), { body: { arg } });
  },
  before: async ({ id }) => (id ? (await own('GET', `devices/${encoded(id)}/events`, { query: { limit: BEFORE } })).events : []),
  listen({ device, id, kind, name }, heard) {
    // Whether a board is there that is asked for a variable, its answer says.
    if (kind === 'variable') return () => undefined;
    /** @type {(() => void)[]} */
    const stops = [];
    if (id) {
      stops.push(
        live.on(`device/${id}`, (message) => {
          if (message.k === 'presence') heard.presence({ online: message.online, time: message.time });
        }),
      );
    }
    if (kind === 'event') {
      stops.push(
        live.on(id ? `device-events/${id}` : `events/${name}`, (message) => {
          // The sender of an event is named by the id that boards of its kind have.
          if (message.k === 'event' && message.source === device) heard.event(/** @type {any} */ (message));
        }),
      );
    }
    return () => stops.forEach((stop) => stop());
  },
};

/**
 * @param {{id: string, token?: string, onChanged: () => void}} dashboard with the token of the link that opened it, if
 *   one did; `onChanged`: it may show something else now
 * @returns {Way}
 */
export function through({ id, token, onChanged }) {
  const base = token === undefined ? `dashboards/${encoded(id)}` : `shared/${encoded(token)}`;
  const anyone = token !== undefined;
  const ask = (/** @type {Source} */ { device, kind, name }) => own('GET', `${base}/sources/${encoded(device)}/${kind}`, { query: { name }, anyone });
  return {
    poll: LOOKING,
    value: async (source) => {
      const { time, value } = await ask(source);
      return [time, value];
    },
    before: async (source) => (await ask(source)).events,
    listen: ({ device, kind, name }, heard) =>
      live.on(`dashboard-source/${id}/${device}/${kind}/${name}`, (message) => {
        if (message.k === 'presence') heard.presence({ online: message.online, time: message.time });
        if (message.k === 'event') heard.event(/** @type {any} */ (message));
        if (message.k === 'error' && message.status === 404) {
          heard.gone();
          onChanged();
        }
      }),
  };
}
