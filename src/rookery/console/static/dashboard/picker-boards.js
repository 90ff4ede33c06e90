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

/** @typedef {import('./sources.js').Source} Source */

/**
 * @param {{text: string, chosen: any, onPick: (source: Source) => void, suits: (variable: any) => boolean}} props
 */
export function Boards({ text, chosen, onPick, suits }) {
  const list = useLoad((api) => api.own('GET', 'devices', { query: { dialect: 'particle', per_page: BOARDS, sort: 'name' } }), []);
  const boards = list.data?.devices ?? [];
  if (list.state === 'ready' && boards.length === 0) return null;
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
  return html`<div class="db-pick-board">
    <button type="button" class="db-pick-row" aria-expanded=${String(open || text !== '')} onClick=${() => setOpen(!open)}>
      <${Icon} name=${open || text ? 'chevron-down' : 'chevron-right'} size=${14} />
      <span class="db-link-name">${board.name || board.hex_id}</span>
      <${Dot} online=${board.online} />
    </button>
    ${open || text ? html`<${Offers} board=${board} text=${text} chosen=${chosen} onPick=${onPick} suits=${suits} />` : null}
  </div>`;
}

/** @param {{board: any, text: string, chosen: any, onPick: (source: Source) => void, suits: (variable: any) => boolean}} props */
function Offers({ board, text, chosen, onPick, suits }) {
  const [event, setEvent] = useState('');
  const shown = useLoad((api) => api.v1('GET', `/devices/${board.hex_id}`), [board.id]);
  const heard = useLoad(async (api) => {
    // Old events only help to choose: without them a name can be typed.
    try {
      return (await api.own('GET', `devices/${board.id}/events`, { query: { limit: EVENTS } })).events;
    } catch {
      return [];
    }
  }, [board.id]);
  if (shown.state === 'error') return html`<${ErrorBox} error=${shown.error} retry=${shown.reload} />`;
  if (!shown.data) return html`<${Skeleton} rows=${2} />`;
  const base = { device: board.hex_id, id: board.id, device_name: board.name || board.hex_id };
  /** @type {Source[]} */
  const offers = [
    ...Object.entries(shown.data.variables ?? {}).map(([name, type]) => ({ ...base, kind: /** @type {const} */ ('variable'), name, type: TYPES[String(type)] ?? 'CHARSTRING' })),
    ...(shown.data.functions ?? []).map((/** @type {string} */ name) => ({ ...base, kind: 'function', name, type: 'STATUS' })),
    ...eventsOf(heard.data ?? []).map(([name, data]) => ({ ...base, kind: /** @type {const} */ ('event'), name, type: typeOf(data) })),
  ];
  const found = offers.filter((each) => (!text || `${each.name} ${base.device_name}`.toLowerCase().includes(text)) && suits(asVariable(each)));
  return html`<ul class="plain db-pick-offers">
    ${found.map(
      (each) => html`<li key=${sourceId(each)}>
        <button type="button" class="db-pick-row" aria-pressed=${String(chosen !== null && sourceId(chosen) === sourceId(each))} onClick=${() => onPick(each)}>
          <span class="db-tick">${chosen !== null && sourceId(chosen) === sourceId(each) ? html`<${Icon} name="check" size=${14} />` : null}</span>
          <span class="db-link-name">${each.name}</span>
          <span class="db-type">${words[each.kind]}</span>
        </button>
      </li>`,
    )}
    <li class="db-pick-event">
      <${Field} label=${words.eventName} hideLabel=${true} placeholder=${words.eventName} value=${event} onInput=${setEvent} maxlength=${64} />
      <${Button} small=${true} label=${words.eventAdd} disabled=${event.trim() === ''} onClick=${() => onPick({ ...base, kind: 'event', name: event.trim(), type: 'CHARSTRING' })} />
    </li>
  </ul>`;
}

/** @param {Source} source what a kind is asked about */
const asVariable = (source) => ({ type: source.type, permission: source.kind === 'function' ? 'READ_WRITE' : 'READ_ONLY', source });

/** The last data of each event. @param {any[]} events newest first @returns {[string, any][]} */
function eventsOf(events) {
  const found = new Map();
  for (const each of events) {
    if (!found.has(each.name) && !each.binary && !String(each.name).startsWith('spark/')) found.set(each.name, each.data);
  }
  return [...found].slice(0, 12);
}
