/** When a board came and went, how, and why. */
import { html, useSignal } from '../../html.js';
import { useLoad } from '../../api/rest.js';
import { useLive } from '../../api/live.js';
import { Button, Icon, Panel, Table, Time } from '../../ui/index.js';
import { t } from '../../strings/device.js';

/** @typedef {{time: number, kind: 'connected'|'disconnected'|'refused', transport: string|null, address: string|null, reason: string|null}} Entry */

const PAGE = 100;
const ICONS = { connected: 'plug', disconnected: 'unplug', refused: 'circle-x' };

/** @param {{device: {id: string}}} props */
export function Connections({ device }) {
  const limit = useSignal(PAGE);
  const load = useLoad(
    async (api) =>
      /** @type {Entry[]} */ (
        (await api.own('GET', `devices/${device.id}/connections`, { query: { limit: limit.value } })).entries
      ),
    [device.id, limit.value],
  );
  useLive(`device/${device.id}`, (message) => {
    if (message.k === 'presence') setTimeout(load.reload, 300);
  });
  const rows = load.data ?? [];
  return html`
    <${Panel} title=${t.connections.title} calls=${load.calls}>
      <${Table}
        label=${t.connections.title}
        load=${load}
        rows=${rows}
        keyOf=${(/** @type {Entry} */ row) => `${row.time} ${row.kind}`}
        columns=${COLUMNS}
        empty=${{ sentence: t.connections.empty, icon: 'plug', action: html`<${Button} label=${t.connections.setUp} href=${`/console/connect/${device.id}`} />` }}
      />
      ${
        rows.length === limit.value &&
        html`
        <p class="device-foot"><${Button} small label=${t.connections.more} onClick=${() => {
          limit.value += PAGE;
        }} /></p>
      `
      }
    <//>
  `;
}

const COLUMNS = [
  {
    key: 'time',
    label: t.connections.time,
    width: '132px',
    render: (/** @type {Entry} */ row) => html`<${Time} at=${row.time} />`,
  },
  {
    key: 'kind',
    label: t.connections.what,
    width: '148px',
    render: (/** @type {Entry} */ row) => html`
      <span class=${`device-entry device-entry-${row.kind}`}><${Icon} name=${ICONS[row.kind]} size=${16} /> ${t.connections.kind[row.kind]}</span>
      ${row.reason && html`<div class="only-phone muted small">${row.reason}</div>`}
    `,
  },
  {
    key: 'reason',
    label: t.connections.reason,
    hidePhone: true,
    render: (/** @type {Entry} */ row) => row.reason || t.connections.none,
  },
  {
    key: 'transport',
    label: t.connections.how,
    hidePhone: true,
    render: (/** @type {Entry} */ row) => row.transport || t.connections.none,
  },
  {
    key: 'address',
    label: t.connections.from,
    hidePhone: true,
    render: (/** @type {Entry} */ row) => html`<code>${row.address || t.connections.none}</code>`,
  },
];
