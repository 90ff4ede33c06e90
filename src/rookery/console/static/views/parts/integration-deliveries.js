/** What was sent and what came back. */
import { html, useEffect, useState } from '../../html.js';
import { useLoad, v1 } from '../../api/rest.js';
import { Button, Code, ErrorBox, IconButton, Panel, Sheet, Table, Tag, Time, toast } from '../../ui/index.js';
import t from '../../strings/integrations.js';
import { pathOf } from './integration-model.js';
import { pretty, Written } from './integration-sample.js';

/**
 * @typedef {object} Delivery
 * @property {number} id
 * @property {string} event
 * @property {string} time
 * @property {number} attempt
 * @property {number} duration
 * @property {'success' | 'error' | 'sleep'} type
 * @property {string | null} error
 * @property {import('./integration-sample.js').Made | null} request
 * @property {{status: number, headers: [string, string][], body: string, cut: boolean} | null} response
 */

/** Milliseconds between two looks while the page is seen. */
const PAUSE = 4_000;

/** @param {{id: string, place: string, counters: {success: number, error: number, dropped: number}[]}} props */
export function Deliveries({ id, place, counters }) {
  const load = useLoad(async (api) => (await api.v1('GET', `${pathOf(place)}/${id}/deliveries`)).deliveries, [id, place]);
  const [chosen, setChosen] = useState(/** @type {number | null} */ (null));
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void load.reload();
    }, PAUSE);
    return () => clearInterval(timer);
  }, [id, place]);
  /** @type {Delivery[]} */
  const rows = load.data ?? [];
  const today = counters.at(-1);
  const open = rows.find((each) => each.id === chosen);
  return html`<${Panel}
      title=${t.deliveries}
      line=${today ? `${t.deliveriesLine} ${t.today(today.success, today.error)}` : t.deliveriesLine}
      flush=${true}
      calls=${load.calls}
      actions=${html`<${IconButton} icon="refresh-cw" label=${t.reload} small=${true} onClick=${() => load.reload()} />`}
    >
      <${Table}
        label=${t.deliveries}
        load=${load}
        rows=${rows}
        keyOf=${(/** @type {Delivery} */ row) => String(row.id)}
        empty=${{ icon: 'send', sentence: t.deliveriesEmpty, example: t.deliveriesExample }}
        columns=${[
          { key: 'status', label: t.deliveryColumns.status, render: (/** @type {Delivery} */ row) => html`<${Result} delivery=${row} />` },
          {
            key: 'event',
            label: t.deliveryColumns.event,
            render: (/** @type {Delivery} */ row) =>
              html`<button type="button" class="integration-open" onClick=${() => setChosen(row.id)}>${row.event}</button>`,
          },
          { key: 'attempt', label: t.deliveryColumns.attempt, align: 'end', hidePhone: true, render: (/** @type {Delivery} */ row) => row.attempt },
          { key: 'took', label: t.deliveryColumns.took, align: 'end', hidePhone: true, render: (/** @type {Delivery} */ row) => t.ms(row.duration) },
          { key: 'time', label: t.deliveryColumns.time, align: 'end', render: (/** @type {Delivery} */ row) => html`<${Time} at=${row.time} />` },
        ]}
      />
    <//>
    <${One} delivery=${open} path=${`${pathOf(place)}/${id}/deliveries`} onClose=${() => setChosen(null)} onRetried=${load.reload} />`;
}

/** @param {{delivery: Delivery}} props */
function Result({ delivery }) {
  const words = `${t.results[delivery.type]}${delivery.response ? ` ${delivery.response.status}` : ''}`;
  return html`<${Tag} kind=${delivery.type === 'success' ? 'ok' : delivery.type === 'sleep' ? 'warning' : 'error'} label=${words} />`;
}

/** @param {{delivery: Delivery | undefined, path: string, onClose: () => void, onRetried: () => Promise<void>}} props */
function One({ delivery, path, onClose, onRetried }) {
  const [busy, setBusy] = useState(false);
  const retry = async () => {
    if (!delivery) return;
    setBusy(true);
    try {
      const result = await v1('POST', `${path}/${delivery.id}/retry`);
      toast(result.pass ? t.retried : t.retryFailed(result.error), { kind: result.pass ? 'ok' : 'error' });
      await onRetried();
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { kind: 'error' });
    } finally {
      setBusy(false);
    }
  };
  const footer = html`<${Button} label=${t.retry} icon="rotate-ccw" busy=${busy} disabled=${!delivery?.request} onClick=${retry} />`;
  return html`<${Sheet} open=${delivery !== undefined} wide=${true} title=${t.delivery} onClose=${onClose} footer=${footer}>
    ${delivery
      ? html`<div class="row"><${Result} delivery=${delivery} /><code>${delivery.event}</code><span class="muted"><${Time} at=${delivery.time} /> · ${t.ms(delivery.duration)}</span></div>
          ${delivery.error ? html`<${ErrorBox} error=${delivery.error} />` : null}
          <h3 class="integration-part">${t.sent}</h3>
          ${delivery.request ? html`<${Written} request=${delivery.request} />` : html`<p class="muted">${t.notKept}</p>`}
          <h3 class="integration-part">${t.came}</h3>
          ${delivery.response ? html`<${Answer} response=${delivery.response} />` : html`<p class="muted">${t.noAnswer}</p>`}`
      : null}
  <//>`;
}

/** @param {{response: NonNullable<Delivery['response']>}} props */
function Answer({ response }) {
  const head = [`HTTP ${response.status}`, ...response.headers.map(([name, value]) => `${name}: ${value}`)].join('\n');
  return html`<${Code} text=${`${head}\n\n${pretty(response.body)}`} label=${String(response.status)} wrap=${true} />
    ${response.cut ? html`<p class="muted small">${t.cut}</p>` : null}`;
}
