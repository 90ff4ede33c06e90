/** The vitals of a Particle board: the newest record, and the history as charts and as CSV. */
import { html, useSignal } from '../../html.js';
import { setQuery } from '../../router.js';
import { useLoad, v1 } from '../../api/rest.js';
import { useLive } from '../../api/live.js';
import { Button, Empty, ErrorBox, Panel, saveFile, Skeleton, Time, toast, Value } from '../../ui/index.js';
import { Chart } from '../../ui/chart.js';
import { t } from '../../strings/device.js';
import { CHARTS, leaves, seriesOf } from './vitals-model.js';

/** @typedef {import('./vitals-model.js').VitalsRecord} VitalsRecord */

const HOUR = 3_600_000;
/** @type {Record<string, number>} */
const RANGES = { '1h': HOUR, '24h': 24 * HOUR, '7d': 168 * HOUR, '30d': 720 * HOUR };
/** Without milliseconds, as the documentation of this call writes times. */
const iso = (/** @type {number} */ ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** @param {{device: {id: string, hex_id: string, name: string, online: boolean}, range: string}} props */
export function Vitals({ device, range }) {
  const chosen = RANGES[range] ? range : '24h';
  const load = useLoad(
    async (api) => {
      const to = Date.now();
      const from = to - RANGES[chosen];
      const told = await api.v1('GET', `/diagnostics/${device.hex_id}`, {
        query: { start_date: iso(from), end_date: iso(to + 60_000) },
      });
      const records = /** @type {VitalsRecord[]} */ (told.diagnostics);
      let newest = /** @type {VitalsRecord|null} */ (records.at(-1) ?? null);
      if (!newest) {
        try {
          newest = (await api.v1('GET', `/diagnostics/${device.hex_id}/last`)).diagnostics;
        } catch {
          // There never was a record: that is what the empty state says.
        }
      }
      return { records, newest, from, to };
    },
    [device.hex_id, chosen],
  );
  useLive(`device-events/${device.id}`, (message) => {
    if (message.k === 'event' && message.name === 'spark/device/diagnostics/update') void load.reload();
  });
  const busy = useSignal(false);
  const refresh = async () => {
    busy.value = true;
    try {
      await v1('POST', `/diagnostics/${device.hex_id}/update`);
      toast(t.vitals.asked, { kind: 'ok' });
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { kind: 'error' });
    }
    busy.value = false;
  };
  const csv = async () => {
    const to = Date.now();
    const query = { start_date: iso(to - RANGES[chosen]), end_date: iso(to + 60_000) };
    try {
      const text = await v1('GET', `/diagnostics/${device.hex_id}`, { query, headers: { Accept: 'text/csv' } });
      saveFile(`vitals-${device.hex_id}-${chosen}.csv`, typeof text === 'string' ? text : JSON.stringify(text), 'text/csv');
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { kind: 'error' });
    }
  };
  const data = load.data;
  return html`
    <${Panel} title=${t.vitals.history} calls=${load.calls} actions=${html`
      <div class="device-ranges" role="group" aria-label=${t.vitals.range}>
        ${Object.keys(RANGES).map(
          (key) => html`
          <button key=${key} type="button" aria-pressed=${key === chosen} onClick=${() => setQuery({ range: key === '24h' ? null : key })}>
            ${t.vitals.ranges[/** @type {'1h'} */ (key)]}
          </button>
        `,
        )}
      </div>
      <${Button} small icon="refresh-cw" label=${t.vitals.refresh} busy=${busy.value} disabled=${!device.online} onClick=${refresh} />
      <${Button} small icon="download" label=${t.vitals.csv} disabled=${!data?.records.length} onClick=${csv} />
    `}>
      ${load.state === 'error' && html`<${ErrorBox} error=${load.error} retry=${load.reload} />`}
      ${load.state === 'loading' && !data && html`<${Skeleton} rows=${6} />`}
      ${data && !data.newest && html`<${Empty} icon="activity" sentence=${t.vitals.none} />`}
      ${data?.newest && data.records.length === 0 && html`<p class="device-none">${t.vitals.noHistory}</p>`}
      ${
        data &&
        data.records.length > 0 &&
        html`
        <div class="device-charts">
          ${CHARTS.map(([key, path, unit]) => {
            const points = seriesOf(data.records, path);
            return (
              points.length > 0 &&
              html`
              <figure key=${key}>
                <figcaption>${t.vitals.chart[/** @type {'signal'} */ (key)]}</figcaption>
                <${Chart} series=${[{ id: path, label: t.vitals.chart[/** @type {'signal'} */ (key)], unit, points }]}
                  from=${data.from} to=${data.to} height=${160} syncKey=${`vitals-${device.id}`}
                  name=${`${device.name}-${key}`} />
              </figure>
            `
            );
          })}
        </div>
      `
      }
    <//>
    ${data?.newest && html`<${Newest} record=${data.newest} />`}
  `;
}

/** @param {{record: VitalsRecord}} props */
function Newest({ record }) {
  return html`
    <${Panel} title=${t.vitals.last} actions=${html`<span class="devices-none"><${Time} at=${Date.parse(record.updated_at)} /></span>`}>
      <dl class="device-leaves">
        ${leaves(record.payload).map(
          ({ path, value, unit }) => html`
          <div key=${path}>
            <dt>${path.replace(/^(device|service)\./, (head) => (head === 'service.' ? head : ''))}</dt>
            <dd>${
              typeof value === 'object' && value !== null
                ? html`<span class="device-wrong">${t.vitals.error}</span>`
                : html`<${Value} value=${value} unit=${unit} />`
            }</dd>
          </div>
        `,
        )}
      </dl>
    <//>
  `;
}
