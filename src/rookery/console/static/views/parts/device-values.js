/** The variables of a thing as they are now, each with its last hour and, where it may be written, a way to set it. */
import { html, useEffect, useRef, useSignal } from '../../html.js';
import { useLoad } from '../../api/rest.js';
import { live, useThing } from '../../api/live.js';
import { Button, Empty, ErrorBox, Panel, Skeleton, Sparkline, Time, Value } from '../../ui/index.js';
import { isNumeric, unitOf } from '../../widgets/types.js';
import { t } from '../../strings/device.js';
import { Before, canSet, currentOf, PendingNote, Setter, useWrite } from './value-write.js';

/** @typedef {import('./value-write.js').Property} Property */

const HOUR = 3_600_000;
const BIN = 30;
/** Points of a sparkline: twice what two pixels a point can show. */
const MOST = 240;

/** @param {{thing: {id: string, name: string}|null, deviceId: string, onAttach?: () => void}} props */
export function LiveValues({ thing, deviceId, onAttach }) {
  if (!thing) {
    return html`
      <${Panel} title=${t.values.title}>
        <${Empty} icon="layers" sentence=${t.values.noThing}
          action=${html`<${Button} label=${t.values.attach} icon="link" onClick=${onAttach} />`} />
      <//>
    `;
  }
  return html`<${ThingValues} key=${thing.id} thing=${thing} deviceId=${deviceId} />`;
}

/** @param {{thing: {id: string, name: string}, deviceId: string}} props */
function ThingValues({ thing }) {
  const values = useThing(thing.id);
  const load = useLoad(
    async (api) => /** @type {Promise<Property[]>} */ (api.iot('GET', `/v2/things/${thing.id}/properties`)),
    [thing.id, values.changed.value],
  );
  const history = useHistory(thing.id, load.data);
  return html`
    <${Panel} title=${t.values.title} calls=${load.calls}
      actions=${html`<a class="device-more" href=${`/console/things/${thing.id}`}>${thing.name}</a>`}>
      ${load.state === 'error' && html`<${ErrorBox} error=${load.error} retry=${load.reload} />`}
      ${load.state === 'loading' && !load.data && html`<${Skeleton} rows=${4} />`}
      ${
        load.data &&
        load.data.length === 0 &&
        html`
        <${Empty} icon="layers" sentence=${t.values.empty}
          action=${html`<${Button} label=${t.values.define} href=${`/console/things/${thing.id}`} />`} />
      `
      }
      ${
        load.data &&
        load.data.length > 0 &&
        html`
        <ul class="device-values">
          ${load.data.map(
            (property) => html`
            <${ValueRow} key=${property.id} property=${property} signal=${values.get(property.id)} history=${history.get(property.id)} />
          `,
          )}
        </ul>
      `
      }
    <//>
  `;
}

/**
 * The last hour of the numbers of a thing, one call for all of them.
 * @param {string} thingId
 * @param {Property[]|undefined} properties
 * @returns {Map<string, [number, number][]>}
 */
function useHistory(thingId, properties) {
  const numbers = (properties ?? []).filter((property) => isNumeric(property.type));
  const ids = numbers.map((property) => property.id).join(' ');
  const load = useLoad(
    async (api) => {
      if (!ids) return [];
      const to = Date.now();
      const times = { from: new Date(to - HOUR).toISOString(), to: new Date(to).toISOString() };
      const requests = ids.split(' ').map((id) => ({ q: `property.${id}`, ...times, interval: BIN, aggregation: 'AVG' }));
      return (await api.iot('POST', '/v2/series/batch_query', { body: { requests, resp_version: 1 } })).responses;
    },
    [thingId, ids],
  );
  /** @type {Map<string, [number, number][]>} */
  const found = new Map();
  for (const answer of load.data ?? []) {
    const points = answer.times.map((/** @type {string} */ time, /** @type {number} */ at) => [
      Date.parse(time),
      answer.values[at],
    ]);
    found.set(answer.property_id, points);
  }
  return found;
}

/**
 * @param {object} props
 * @param {Property} props.property
 * @param {import('./value-write.js').ValueSignal} props.signal
 * @param {[number, number][]|undefined} props.history
 */
function ValueRow({ property, signal, history }) {
  const current = currentOf(property, signal);
  const { pending, write, forget } = useWrite(property, signal, true);
  const points = usePoints(property, current, history);
  const shown = pending ? pending.value : current.value;
  const none = shown === null || shown === undefined;
  return html`
    <li class=${`device-value ${live.state.value === 'lost' ? 'device-stale' : ''}`}>
      <span class="device-value-name" title=${property.name}>${property.name}
        ${property.variable_name !== property.name && html`<code>${property.variable_name}</code>`}</span>
      <span class="device-value-line">
        ${points.length > 1 && html`<${Sparkline} points=${points} width=${140} height=${28} label=${`${property.name}: ${t.values.hour}`} />`}
      </span>
      <span class="device-value-now">
        ${
          none
            ? html`<span class="devices-none">${t.values.never}</span>`
            : html`<${Value} value=${shown} type=${property.type} unit=${unitOf(property.type)} />`
        }
        <${Before} property=${property} pending=${pending} />
      </span>
      <span class="device-value-age">${current.at > 0 && html`<${Time} at=${current.at} />`}</span>
      <span class="device-value-set">
        ${canSet(property) && html`<${Setter} property=${property} value=${shown} write=${write} />`}
      </span>
      ${pending && html`<${PendingNote} pending=${pending} write=${write} forget=${forget} />`}
    </li>
  `;
}

/**
 * The stored points and those that came since.
 * @param {Property} property
 * @param {{value: any, at: number}} current
 * @param {[number, number][]|undefined} history
 */
function usePoints(property, current, history) {
  const fresh = useRef(/** @type {[number, number][]} */ ([]));
  const count = useSignal(0);
  useEffect(() => {
    if (!isNumeric(property.type) || typeof current.value !== 'number' || !current.at) return;
    const last = fresh.current.at(-1);
    if (last && last[0] >= current.at) return;
    fresh.current = [...fresh.current.slice(-MOST), [current.at, current.value]];
    count.value += 1;
  }, [current]);
  const stored = history ?? [];
  const since = stored.at(-1)?.[0] ?? 0;
  const start = Date.now() - HOUR;
  return [...stored, ...fresh.current.filter(([at]) => at > since)].filter(([at]) => at > start).slice(-MOST);
}
