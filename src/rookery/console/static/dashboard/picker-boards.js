/** What boards of the other dialect offer to a widget: their variables, functions and events. */
import { html, useState } from '../html.js';
import { useLoad } from '../api/rest.js';
import { Button, Dot, ErrorBox, Field, Icon, Skeleton } from '../ui/index.js';
import { typeOf } from './parse.js';
import { TYPES, sourceId } from './sources.js';
import t from '../strings/dashboard.js';

const words = t.picker;
/** Boards listed at once, and events looked back at. */
const BOARDS = 50;
const EVENTS = 50;
/** Boards that a search looks into. */
const SEARCHED = 8;

/** @typedef {import('./sources.js').Source} Source */

/**
 * @param {{text: string, chosen: any, onPick: (source: Source) => void, suits: (variable: any) => boolean}} props
 */
export function Boards({ text, chosen, onPick, suits }) {
  const list = useLoad((api) => api.own('GET', 'devices', { query: { dialect: 'particle', per_page: BOARDS, sort: 'name' } }), []);
  const all = list.data?.devices ?? [];
  // A search looks into boards, and each is a question to the server.
  const boards = text ? all.slice(0, SEARCHED) : all;
  if (list.state === 'ready' && all.length === 0) return null;
  if (list.state === 'error') return null;
  return html`<section>
    <h3 class="db-pick-thing">${words.boards}</h3>
    ${list.state === 'loading' ? html`<${Skeleton} rows=${2} />` : null}
    ${boards.map((/** @type {any} */ board) => html`<${Board} key=${board.id} board=${board} text=${text} chosen=${chosen} onPick=${onPick} suits=${suits} />`)}
  </section>`;
}

/** @param {{board: any, text: string, chosen: any, onPick: (source: Source) => void, suits: (variable: any) => boolean}} props */
function Board({ board, text, chosen, onPick, suits }) {
  const [open, setOpen] = useState(false);
  const [event, setEvent] = useState('');
  const wanted = open || text !== '';
  const shown = useLoad(async (api) => (wanted ? { known: await api.v1('GET', `/devices/${board.hex_id}`), heard: await eventsOf(api, board.id) } : null), [board.id, wanted]);
  const base = { device: board.hex_id, id: board.id, device_name: board.name || board.hex_id };
  const offers = shown.data ? offersOf(base, shown.data) : [];
  const found = offers.filter((each) => (!text || `${each.name} ${base.device_name}`.toLowerCase().includes(text)) && suits(asVariable(each)));
  if (text && !open && found.length === 0) return null;
  return html`<div class="db-pick-board">
    <button type="button" class="db-pick-row" aria-expanded=${String(wanted)} onClick=${() => setOpen(!open)}>
      <${Icon} name=${wanted ? 'chevron-down' : 'chevron-right'} size=${14} />
      <span class="db-link-name">${base.device_name}</span>
      <${Dot} online=${board.online} />
    </button>
    ${wanted && shown.state === 'error' ? html`<${ErrorBox} error=${shown.error} retry=${shown.reload} />` : null}
    ${wanted && !shown.data && shown.state === 'loading' ? html`<${Skeleton} rows=${2} />` : null}
    ${wanted && shown.data
      ? html`<ul class="plain db-pick-offers">
          ${found.map((each) => {
            const picked = chosen !== null && sourceId(chosen) === sourceId(each);
            return html`<li key=${sourceId(each)}>
              <button type="button" class="db-pick-row" aria-pressed=${String(picked)} onClick=${() => onPick(each)}>
                <span class="db-tick">${picked ? html`<${Icon} name="check" size=${14} />` : null}</span>
                <span class="db-link-name">${each.name}</span>
                <span class="db-type">${words[each.kind]}</span>
              </button>
            </li>`;
          })}
          ${text
            ? null
            : html`<li class="db-pick-event">
                <${Field} label=${words.eventName} hideLabel=${true} placeholder=${words.eventName} value=${event} onInput=${setEvent} maxlength=${64} />
                <${Button} small=${true} label=${words.eventAdd} disabled=${event.trim() === ''} onClick=${() => onPick({ ...base, kind: 'event', name: event.trim(), type: 'CHARSTRING' })} />
              </li>`}
        </ul>`
      : null}
  </div>`;
}

/** @param {{device: string, id: string, device_name: string}} base @param {{known: any, heard: any[]}} shown @returns {Source[]} */
function offersOf(base, { known, heard }) {
  return [
    ...Object.entries(known.variables ?? {}).map(([name, type]) => ({ ...base, kind: /** @type {const} */ ('variable'), name, type: TYPES[String(type)] ?? 'CHARSTRING' })),
    ...(known.functions ?? []).map((/** @type {string} */ name) => ({ ...base, kind: 'function', name, type: 'STATUS' })),
    ...latest(heard).map(([name, data]) => ({ ...base, kind: /** @type {const} */ ('event'), name, type: typeOf(data) })),
  ];
}

/** Old events only help to choose: without them a name can be typed. @param {any} api @param {string} id @returns {Promise<any[]>} */
async function eventsOf(api, id) {
  try {
    return (await api.own('GET', `devices/${id}/events`, { query: { limit: EVENTS } })).events;
  } catch {
    return [];
  }
}

/** @param {Source} source what a kind is asked about */
const asVariable = (source) => ({ type: source.type, permission: source.kind === 'function' ? 'READ_WRITE' : 'READ_ONLY', source });

/** The last data of each event. @param {any[]} events newest first @returns {[string, any][]} */
function latest(events) {
  const found = new Map();
  for (const each of events) {
    if (!found.has(each.name) && !each.binary && !String(each.name).startsWith('spark/')) found.set(each.name, each.data);
  }
  return [...found].slice(0, 12);
}
