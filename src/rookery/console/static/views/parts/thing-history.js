/** The history of a thing's variables: numbers and switches as charts with one cursor, everything else as a list. */
import { html, useMemo } from '../../html.js';
import { setQuery } from '../../router.js';
import { useLoad } from '../../api/rest.js';
import { Button, Empty, ErrorBox, Panel, saveFile, Skeleton, Time, toast, Value } from '../../ui/index.js';
import { Chart } from '../../ui/chart.js';
import { series } from '../../ui/history.js';
import { Files } from './thing-files.js';
import { family, isNumeric, unitOf } from '../../widgets/types.js';
import { t } from '../../strings/things.js';

/** @typedef {import('./value-write.js').Property} Property */

const HOUR = 3_600_000;
/** @type {Record<string, number>} */
const RANGES = { '1h': HOUR, '24h': 24 * HOUR, '7d': 168 * HOUR, '30d': 720 * HOUR };
const POINTS = 800;
/** Values of one answer. */
const MOST = 1_000;

/** @param {Property} property */
const drawable = (property) => isNumeric(property.type) || family(property.type) === 'bool';

/**
 * @param {object} props
 * @param {import('./thing-model.js').ThingView} props.thing
 * @param {import('../../api/live.js').LiveThing} props.values
 * @param {Record<string, string>} props.query
 */
export function History({ thing, values, query }) {
  const properties = thing.properties ?? [];
  const known = new Set(properties.map((property) => property.id));
  const asked = (query.v ?? '').split(',').filter((id) => known.has(id));
  const chosen =
    asked.length > 0
      ? asked
      : properties
          .filter(drawable)
          .slice(0, 2)
          .map((property) => property.id);
  const custom = Number(query.from) > 0 && Number(query.to) > Number(query.from);
  const range = RANGES[query.range] ? query.range : '1h';
  const window_ = useMemo(() => {
    const to = Date.now();
    return custom ? { from: Number(query.from), to: Number(query.to) } : { from: to - RANGES[range], to };
  }, [custom, query.from, query.to, range]);
  const toggle = (/** @type {string} */ id) => {
    const next = chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id];
    setQuery({ v: next.join(',') || null });
  };
  const zoom = (/** @type {number|null} */ from, /** @type {number|undefined} */ to) =>
    setQuery(from === null ? { from: null, to: null } : { from: Math.round(from), to: Math.round(to ?? from) });
  if (properties.length === 0)
    return html`<${Panel} title=${t.history.title}><${Empty} icon="chart-line" sentence=${t.history.none} /><//>`;
  return html`
    <div class="thing-ranges">
      <div class="device-ranges" role="group" aria-label=${t.history.range}>
        ${Object.keys(RANGES).map(
          (key) => html`
          <button key=${key} type="button" aria-pressed=${String(!custom && key === range)}
            onClick=${() => setQuery({ range: key === '1h' ? null : key, from: null, to: null })}>${t.history.ranges[/** @type {'1h'} */ (key)]}</button>
        `,
        )}
        ${custom && html`<button type="button" aria-pressed="true">${t.history.custom}</button>`}
      </div>
      <div class="thing-choices" role="group" aria-label=${t.history.variable}>
        ${properties.map(
          (property) => html`
          <button key=${property.id} type="button" class="thing-choice" aria-pressed=${String(chosen.includes(property.id))} title=${property.name}
            onClick=${() => toggle(property.id)}>${property.name}</button>
        `,
        )}
      </div>
    </div>
    ${properties
      .filter((property) => chosen.includes(property.id))
      .map((property) =>
        drawable(property)
          ? html`<${Drawn} key=${property.id} property=${property} window=${window_} live=${!custom} values=${values} sync=${thing.id} onZoom=${zoom}
          colour=${properties.indexOf(property)} />`
          : html`<${Listed} key=${property.id} property=${property} window=${window_} />`,
      )}
    <${Files} thing=${thing} />
  `;
}

/**
 * @param {object} props
 * @param {Property} props.property
 * @param {{from: number, to: number}} props.window
 * @param {boolean} props.live
 * @param {import('../../api/live.js').LiveThing} props.values
 * @param {string} props.sync
 * @param {number} props.colour
 * @param {(from: number|null, to?: number) => void} props.onZoom
 */
function Drawn({ property, window: { from, to }, live, values, sync, colour, onZoom }) {
  const held = family(property.type) === 'bool';
  const load = useLoad(
    (api) =>
      series(property.id, {
        from,
        to,
        points: POINTS,
        held,
        signal: api.signal,
        call: (path, body) => api.iot('POST', path, { body }),
      }),
    [property.id, from, to],
  );
  const feed = useMemo(
    () => (/** @type {(id: string, ms: number, value: number|null) => void} */ append) => {
      const signal = values.get(property.id);
      return signal.subscribe(({ value, at }) => {
        const number = typeof value === 'boolean' ? Number(value) : value;
        if (at && typeof number === 'number') append(property.id, at, number);
      });
    },
    [property.id, values],
  );
  const unit = unitOf(property.type);
  const drawn = useMemo(
    () => [{ id: property.id, label: property.name, unit, step: held, colour, ...(load.data ?? { points: [] }) }],
    [load.data, colour],
  );
  return html`
    <${Panel} title=${property.name} calls=${load.calls} line=${property.persist ? undefined : t.history.notKept}>
      ${load.state === 'error' && html`<${ErrorBox} error=${load.error} retry=${load.reload} />`}
      ${
        !load.data && load.state === 'loading'
          ? html`<${Skeleton} rows=${4} />`
          : load.data &&
            html`
        <${Chart} series=${drawn} from=${from} to=${to} height=${240} syncKey=${`thing-${sync}`} name=${property.name} live=${live}
          feed=${live ? feed : undefined} onRange=${onZoom} />
      `
      }
    <//>
  `;
}

/** @param {{property: Property, window: {from: number, to: number}}} props */
function Listed({ property, window: { from, to } }) {
  const load = useLoad(
    async (api) => {
      const asked = {
        q: `property.${property.id}`,
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        sort: 'DESC',
        series_limit: MOST,
      };
      const told = await api.iot('POST', '/v2/series/batch_query_raw', { body: { resp_version: 1, requests: [asked] } });
      const { times, values } = told.responses[0];
      return /** @type {[number, any][]} */ (
        times.map((/** @type {string} */ time, /** @type {number} */ at) => [Date.parse(time), values[at]])
      );
    },
    [property.id, from, to],
  );
  const rows = load.data ?? [];
  const csv = () => {
    const quoted = (/** @type {any} */ value) =>
      `"${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('"', '""')}"`;
    const lines = rows.map(([at, value]) => `${new Date(at).toISOString()},${quoted(value)}`);
    saveFile(`${property.variable_name}.csv`, ['time,value', ...lines, ''].join('\n'), 'text/csv');
    toast(`${property.variable_name}.csv`, { kind: 'ok' });
  };
  return html`
    <${Panel} title=${property.name} calls=${load.calls} line=${property.persist ? undefined : t.history.notKept}
      actions=${html`<${Button} small icon="download" label=${t.history.csv} disabled=${rows.length === 0} onClick=${csv} />`}>
      ${load.state === 'error' && html`<${ErrorBox} error=${load.error} retry=${load.reload} />`}
      ${load.state === 'loading' && !load.data && html`<${Skeleton} rows=${4} />`}
      ${load.state === 'ready' && rows.length === 0 && html`<p class="device-none">${t.history.noPoints}</p>`}
      ${
        rows.length > 0 &&
        html`
        <ol class="thing-list">
          ${rows.slice(0, 200).map(
            ([at, value]) => html`
            <li key=${at}><span><${Time} at=${at} /></span> <${Value} value=${value} type=${property.type} /></li>
          `,
          )}
        </ol>
        ${rows.length === MOST && html`<p class="device-none">${t.history.most}</p>`}
      `
      }
    <//>
  `;
}
