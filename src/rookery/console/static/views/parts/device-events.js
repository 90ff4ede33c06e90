/** What one board publishes: the newest stored events, and each new one as it comes. */
import { html, useEffect, useRef, useSignal } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { useLive } from '../../api/live.js';
import { Button, Empty, ErrorBox, Hex, IconButton, Json, Panel, Search, Skeleton, Time } from '../../ui/index.js';
import { t } from '../../strings/device.js';

/**
 * @typedef {object} BoardEvent
 * @property {string} id
 * @property {string} name
 * @property {any} data
 * @property {string} [type]
 * @property {boolean} [binary]
 * @property {number} time
 */

const PAGE = 50;
/** Events kept on the page. The Events page is for more. */
const MOST = 500;

/** @param {{device: {id: string, dialect: string}}} props */
export function Events({ device }) {
  const events = useSignal(/** @type {BoardEvent[]} */ ([]));
  const state = useSignal(/** @type {'loading'|'ready'|'error'} */ ('loading'));
  const error = useSignal(/** @type {any} */ (null));
  const older = useSignal(true);
  const paused = useSignal(false);
  const waiting = useRef(/** @type {BoardEvent[]} */ ([]));
  const held = useSignal(0);
  const prefix = useSignal('');
  const calls = useSignal(/** @type {import('../../api/rest.js').Call[]} */ ([]));

  const load = async (/** @type {number|undefined} */ before) => {
    error.value = null;
    try {
      const told = await own('GET', `devices/${device.id}/events`, {
        query: { limit: PAGE, before },
        onCall: (call) => {
          calls.value = [call];
        },
      });
      const seen = new Set(events.value.map((event) => event.id));
      const fresh = /** @type {BoardEvent[]} */ (told.events).filter((event) => !seen.has(event.id));
      events.value = [...events.value, ...fresh].slice(0, MOST);
      older.value = told.events.length === PAGE && events.value.length < MOST;
      state.value = 'ready';
    } catch (wrong) {
      error.value = wrong;
      state.value = 'error';
    }
  };
  useEffect(() => {
    events.value = [];
    state.value = 'loading';
    void load(undefined);
  }, [device.id]);

  useLive(`device-events/${device.id}`, (message) => {
    if (message.k !== 'event') return;
    const event = /** @type {BoardEvent} */ (/** @type {unknown} */ (message));
    if (paused.value) {
      waiting.current = [event, ...waiting.current].slice(0, MOST);
      held.value = waiting.current.length;
      return;
    }
    // An answer that was on its way may have brought it already.
    if (!events.value.some(({ id }) => id === event.id)) events.value = [event, ...events.value].slice(0, MOST);
  });
  const goOn = () => {
    paused.value = false;
    events.value = [...waiting.current, ...events.value].slice(0, MOST);
    waiting.current = [];
    held.value = 0;
  };
  const shown = events.value.filter((event) => event.name.startsWith(prefix.value));

  return html`
    <${Panel} title=${t.events.title} calls=${calls.value} actions=${html`
      ${paused.value && held.value > 0 && html`<span class="devices-none" role="status">${t.events.waiting(held.value)}</span>`}
      ${
        paused.value
          ? html`<${Button} small icon="play" label=${t.events.go} onClick=${goOn} />`
          : html`<${Button} small icon="pause" label=${t.events.pause} onClick=${() => {
              paused.value = true;
            }} />`
      }
    `}>
      ${
        events.value.length > 0 &&
        html`
        <div class="device-search"><${Search} label=${t.events.search} value=${prefix.value}
          onInput=${(/** @type {string} */ text) => {
            prefix.value = text;
          }} /></div>
      `
      }
      ${state.value === 'loading' && html`<${Skeleton} rows=${5} />`}
      ${state.value === 'error' && html`<${ErrorBox} error=${error.value} retry=${() => load(undefined)} />`}
      ${
        state.value === 'ready' &&
        events.value.length === 0 &&
        html`
        <${Empty} icon="radio" sentence=${t.events.empty}
          example=${device.dialect === 'particle' ? t.events.example : t.events.exampleArduino} />
      `
      }
      ${
        events.value.length > 0 &&
        shown.length === 0 &&
        html`
        <${Empty} sentence=${t.events.filtered}
          action=${html`<${Button} label=${t.events.clear} onClick=${() => {
            prefix.value = '';
          }} />`} />
      `
      }
      ${
        shown.length > 0 &&
        html`
        <ol class="device-events" aria-label=${t.events.title}>
          ${shown.map((event) => html`<${EventRow} key=${event.id} event=${event} />`)}
        </ol>
      `
      }
      ${
        state.value === 'ready' &&
        older.value &&
        events.value.length > 0 &&
        html`
        <p class="device-foot"><${Button} small label=${t.events.more} onClick=${() => load(events.value.at(-1)?.time)} /></p>
      `
      }
    <//>
  `;
}

const LATEST = 6;

/** The newest few, beside what else there is to see of a board. @param {{device: {id: string}}} props */
export function Latest({ device }) {
  const heard = useSignal(/** @type {BoardEvent[]} */ ([]));
  const load = useLoad(
    async (api) =>
      /** @type {BoardEvent[]} */ ((await api.own('GET', `devices/${device.id}/events`, { query: { limit: LATEST } })).events),
    [device.id],
  );
  useLive(`device-events/${device.id}`, (message) => {
    if (message.k !== 'event') return;
    const event = /** @type {BoardEvent} */ (/** @type {unknown} */ (message));
    heard.value = [event, ...heard.value].slice(0, LATEST);
  });
  const known = new Set(heard.value.map((event) => event.id));
  const events = [...heard.value, ...(load.data ?? []).filter((event) => !known.has(event.id))].slice(0, LATEST);
  const all = html`<a class="device-more" href=${`/console/devices/${device.id}/events`}>${t.events.allOf}</a>`;
  return html`
    <${Panel} title=${t.events.latest} calls=${load.calls} actions=${all}>
      ${load.state === 'error' && html`<${ErrorBox} error=${load.error} retry=${load.reload} />`}
      ${load.state === 'loading' && events.length === 0 && html`<${Skeleton} rows=${3} />`}
      ${load.state === 'ready' && events.length === 0 && html`<p class="device-none">${t.events.empty}</p>`}
      <ol class="device-events" aria-label=${t.events.latest}>
        ${events.map((event) => html`<${EventRow} key=${event.id} event=${event} />`)}
      </ol>
    <//>
  `;
}

/** @param {{event: BoardEvent}} props */
function EventRow({ event }) {
  const open = useSignal(false);
  const text =
    event.data === null || event.data === undefined
      ? ''
      : typeof event.data === 'string'
        ? event.data
        : JSON.stringify(event.data);
  const bytes = event.binary ? fromBase64(text) : null;
  return html`
    <li class=${open.value ? 'device-event device-event-open' : 'device-event'}>
      <div class="device-event-line">
        <span class="device-event-time"><${Time} at=${event.time} /></span>
        <code class="device-event-name" title=${event.name}>${event.name}</code>
        <span class="device-event-data" title=${text.slice(0, 500)}>
          ${bytes ? t.events.binary(bytes.length) : text === '' ? html`<span class="devices-none">${t.events.noData}</span>` : text.slice(0, 300)}
        </span>
        ${
          text !== '' &&
          html`<${IconButton} icon=${open.value ? 'chevron-up' : 'chevron-down'} label=${t.events.open}
          onClick=${() => {
            open.value = !open.value;
          }} />`
        }
      </div>
      ${open.value && html`<div class="device-event-full"><${Payload} text=${text} bytes=${bytes} /></div>`}
    </li>
  `;
}

/** @param {{text: string, bytes: Uint8Array|null}} props */
function Payload({ text, bytes }) {
  if (bytes) return html`<${Hex} bytes=${bytes} />`;
  if (/^\s*[[{]/.test(text)) {
    try {
      return html`<${Json} value=${JSON.parse(text)} />`;
    } catch {
      // Text that only begins like JSON is shown as it is.
    }
  }
  return html`<pre>${text}</pre>`;
}

/** @param {string} text */
function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
