/** The stream of events that everybody lives in. */
import { html, signal, useEffect, useMemo, useRef, useState } from '../html.js';
import { live, useLive } from '../api/live.js';
import { own, useLoad } from '../api/rest.js';
import { setQuery } from '../router.js';
import { style } from '../style.js';
import { Button, Empty, Field, Page, Search, Sheet } from '../ui/index.js';
import t from '../strings/events.js';
import { CopyMenu, Details } from './parts/events-details.js';
import { EventTable } from './parts/events-list.js';
import { NEW_DRAFT, PublishSheet } from './parts/events-publish.js';
import { calmly, EventList, KEPT, rowOf } from './parts/events-store.js';

await style('events');

export const title = t.title;

/** @typedef {import('./parts/events-store.js').EventRow} EventRow */

/** What was seen stays while other pages are looked at. */
const list = new EventList(calmly);
/** @type {number | null} */
let leftAt = null;
/** The topic that the server has said it tells of. */
const listening = signal('');

/** Events of a board from before. */
const PAST = 50;
/** Wide enough for the event beside the list. */
const WIDE = matchMedia('(min-width: 1180px)');

/** @param {{query: Record<string, string>}} props */
export default function Events({ query }) {
  const prefix = query.prefix ?? '';
  const device = query.device ?? '';
  const topic = device ? `device-events/${device}` : prefix ? `events/${prefix}` : 'events';
  const devices = useLoad((api) => api.own('GET', 'devices', { query: { per_page: 500, sort: 'name' } }));
  const names = useMemo(() => new Map((devices.data?.devices ?? []).map((/** @type {any} */ each) => [each.id, each])), [devices.data]);
  const [chosen, setChosen] = useState(/** @type {EventRow | null} */ (null));
  const [draft, setDraft] = useState(/** @type {import('./parts/events-publish.js').Draft | null} */ (null));
  const [typed, setTyped] = useState(prefix);
  const asked = useRef(prefix);
  const [refused, setRefused] = useState(/** @type {string | null} */ (null));
  const wide = useWide();

  useFollow(`${topic} ${device ? prefix : ''}`);
  useHistory(device, prefix);
  useLive(topic, (message) => {
    if (message.k === 'error') setRefused(String(message.message ?? ''));
    if (message.k === 'listening') listening.value = topic;
    if (message.k !== 'event') return;
    if (device && prefix && !String(message.name).startsWith(prefix)) return;
    list.add(rowOf(message));
  });
  useEffect(() => {
    setRefused(null);
    listening.value = '';
  }, [topic]);
  useEffect(() => {
    // Of the address alone: our own change of it comes while somebody may be typing on.
    if (prefix !== asked.current) setTyped(prefix);
    asked.current = prefix;
  }, [prefix]);
  useEffect(() => {
    if (typed === prefix) return undefined;
    const timer = setTimeout(() => {
      asked.current = typed;
      setQuery({ prefix: typed || null });
    }, 300);
    return () => clearTimeout(timer);
  }, [typed]);

  const rows = list.rows.value;
  const deviceName = (/** @type {EventRow} */ row) => {
    const known = row.device ? names.get(row.device) : null;
    return known?.name ?? (row.device ? row.source || row.device.slice(0, 8) : row.source === 'api' ? t.api : row.source || t.cloud);
  };
  const hexOf = device ? (names.get(device)?.hex_id ?? null) : null;
  const move = (/** @type {number} */ by) => {
    const events = rows.filter((row) => row.kind === 'event');
    const at = events.findIndex((row) => row.key === chosen?.key);
    const next = events[at + by];
    if (next) setChosen(/** @type {EventRow} */ (next));
  };
  const again = (/** @type {EventRow} */ row) => setDraft({ ...NEW_DRAFT, name: row.name, data: row.data ?? '' });
  const details = chosen
    ? html`<${Details} row=${chosen} deviceName=${deviceName(chosen)} onAgain=${again} onMove=${move} onClose=${wide ? () => setChosen(null) : undefined} />`
    : null;

  return html`<${Page}
    title=${t.title}
    line=${t.line}
    wide=${true}
    action=${html`<${Button} label=${t.publish} icon="send" kind="primary" onClick=${() => setDraft(NEW_DRAFT)} />`}
  >
    <div class="events-bar">
      <${Search} value=${typed} onInput=${setTyped} label=${t.prefix} />
      <div class="events-device-choice">
        <${Field}
          label=${t.device}
          hideLabel=${true}
          type="select"
          value=${device}
          options=${[
            { value: '', label: t.allDevices },
            ...(device && !names.has(device) ? [{ value: device, label: device.slice(0, 8) }] : []),
            ...[...names.values()].map((/** @type {any} */ each) => ({ value: each.id, label: each.name ?? each.hex_id })),
          ]}
          onInput=${(/** @type {string} */ id) => setQuery({ device: id || null })}
        />
      </div>
      <${PauseButton} />
      <${Button} label=${t.clear} kind="quiet" onClick=${() => (list.clear(), setChosen(null))} disabled=${!rows.length} />
      <${CopyMenu} prefix=${prefix} device=${hexOf} example=${{ name: prefix || 'porch/light', data: 'on' }} />
      <${Status} count=${rows.length} refused=${refused} topic=${topic} />
    </div>
    <div class=${`events-frame${wide && chosen ? ' events-frame-split' : ''}`}>
      ${rows.length
        ? html`<${EventTable} rows=${rows} chosen=${chosen?.key ?? null} onChoose=${setChosen} onPause=${toggle} deviceName=${deviceName} />`
        : html`<div class="events-none"><${Nothing} filtered=${Boolean(prefix || device)} onPublish=${() => setDraft(NEW_DRAFT)} /></div>`}
      ${wide && details ? html`<aside class="events-side" aria-label=${t.details}>${details}</aside>` : null}
    </div>
    ${wide ? null : html`<${Sheet} open=${chosen !== null} title=${t.details} onClose=${() => setChosen(null)}>${details}<//>`}
    ${draft ? html`<${PublishSheet} open=${true} draft=${draft} onDraft=${setDraft} onClose=${() => setDraft(null)} />` : null}
  <//>`;
}

function toggle() {
  list.pause(!list.paused.peek());
}

/** Goes on where it was, and says what may have been missed. @param {string} topic */
function useFollow(topic) {
  const lost = useRef(/** @type {number | null} */ (null));
  useEffect(() => {
    list.follow(topic, leftAt);
    leftAt = null;
    return () => {
      leftAt = Date.now();
    };
  }, [topic]);
  useEffect(
    () =>
      live.state.subscribe((state) => {
        if (state === 'lost') {
          lost.current ??= Date.now();
          listening.value = '';
        }
        if (state !== 'open' || lost.current === null) return;
        list.follow(list.topic, lost.current);
        lost.current = null;
      }),
    [],
  );
}

/** A board's own page of the past, so that its list does not begin empty. @param {string} device @param {string} prefix */
function useHistory(device, prefix) {
  useEffect(() => {
    if (!device) return undefined;
    const abort = new AbortController();
    own('GET', `devices/${device}/events`, { query: { limit: PAST }, signal: abort.signal }).then(
      ({ events }) => {
        const fitting = events.filter((/** @type {any} */ each) => String(each.name).startsWith(prefix));
        list.older(fitting.map((/** @type {any} */ each) => rowOf({ ...each, device: each.device ?? device })));
      },
      // What comes from now on is shown all the same.
      () => undefined,
    );
    return () => abort.abort();
  }, [device, prefix]);
}

function useWide() {
  const [wide, setWide] = useState(WIDE.matches);
  useEffect(() => {
    const change = () => setWide(WIDE.matches);
    WIDE.addEventListener('change', change);
    return () => WIDE.removeEventListener('change', change);
  }, []);
  return wide;
}

function PauseButton() {
  const paused = list.paused.value;
  const waiting = list.waiting.value;
  return html`<${Button}
    label=${!paused ? t.pause : waiting ? t.resumeWith(waiting) : t.resume}
    icon=${paused ? 'play' : 'pause'}
    pressed=${paused}
    onClick=${toggle}
  />`;
}

/** @param {{count: number, refused: string | null, topic: string}} props */
function Status({ count, refused, topic }) {
  const state = live.state.value === 'open' && listening.value !== topic ? 'connecting' : live.state.value;
  const paused = list.paused.value;
  const word = refused ?? (state === 'lost' ? t.lost : state === 'connecting' ? t.connecting : paused ? t.paused : t.live);
  const kind = refused || state === 'lost' ? 'bad' : state === 'open' && !paused ? 'live' : 'waiting';
  const seen = list.seen.value - (paused ? list.waiting.value : 0);
  return html`<p class="events-status">
    <span class=${`events-light events-light-${kind}`} role="status">${word}</span>
    <span class="muted num">${t.count(count, seen)}${seen > KEPT ? ` ${t.kept(KEPT)}` : ''}</span>
    ${list.waiting.value > KEPT ? html`<span class="muted">${t.waitingOver(KEPT)}</span>` : null}
  </p>`;
}

/** @param {{filtered: boolean, onPublish: () => void}} props */
function Nothing({ filtered, onPublish }) {
  if (filtered) {
    const clear = html`<${Button} label=${t.clearFilter} onClick=${() => setQuery({ prefix: null, device: null })} />`;
    return html`<${Empty} icon="filter" sentence=${t.emptyFiltered} action=${clear} />`;
  }
  return html`<${Empty}
    icon="radio"
    sentence=${t.empty}
    action=${html`<${Button} label=${t.emptyAction} icon="send" onClick=${onPublish} />`}
    example=${html`<code>${t.emptyExample}</code>`}
  />`;
}
