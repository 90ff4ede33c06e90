/** All of one event. */
import { html } from '../../html.js';
import { setQuery } from '../../router.js';
import { Button, Copy, Id, IconButton, Menu, Time, copyText, toast } from '../../ui/index.js';
import t from '../../strings/events.js';
import { clockText, sizeOf } from './events-list.js';
import { Payload } from './events-payload.js';
import { publishCurl, subscribeCurl } from './events-publish.js';

/** @typedef {import('./events-store.js').EventRow} EventRow */

/**
 * @param {{row: EventRow, deviceName: string, onAgain: (row: EventRow) => void, onMove: (by: number) => void,
 *   onClose?: () => void}} props
 */
export function Details({ row, deviceName, onAgain, onMove, onClose }) {
  return html`<div class="events-details">
    <header class="events-details-head">
      <h2 class="events-details-name">${row.name}</h2>
      <${Copy} text=${row.name} quiet=${true} />
      <span class="events-details-move">
        <${IconButton} icon="chevron-up" label=${t.newer} small=${true} onClick=${() => onMove(-1)} />
        <${IconButton} icon="chevron-down" label=${t.older} small=${true} onClick=${() => onMove(1)} />
        ${onClose ? html`<${IconButton} icon="x" label=${t.close} small=${true} onClick=${onClose} />` : null}
      </span>
    </header>
    <dl class="events-facts">
      <dt>${t.fields.device}</dt>
      <dd>${row.device ? html`<a href=${`/console/devices/${row.device}`}>${deviceName}</a>` : deviceName}</dd>
      <dt>${t.fields.time}</dt>
      <dd><span class="num">${clockText(row.time)}</span> <span class="muted">(<${Time} at=${row.time} />)</span></dd>
      ${row.type ? html`<dt>${t.fields.type}</dt><dd><code>${row.type}</code></dd>` : null}
      <dt>${t.fields.size}</dt>
      <dd class="num">${t.bytes(sizeOf(row))}</dd>
      ${row.id ? html`<dt>${t.fields.id}</dt><dd><${Id} id=${row.id} /></dd>` : null}
    </dl>
    <${Payload} data=${row.data} binary=${row.binary} type=${row.type} />
    <div class="events-details-actions">
      <${Button} label=${t.again} icon="send" small=${true} onClick=${() => onAgain(row)} disabled=${row.binary} />
      <${Button} label=${t.onlyThis} icon="filter" small=${true} onClick=${() => setQuery({ prefix: row.name })} />
      ${row.device ? html`<${Button} label=${t.onlyBoard} icon="cpu" small=${true} onClick=${() => setQuery({ device: row.device })} />` : null}
      <${CopyMenu} prefix=${row.name} device=${null} example=${{ name: row.name, data: row.binary ? '' : (row.data ?? '') }} />
    </div>
  </div>`;
}

/**
 * @param {{prefix: string, device: string | null, example: {name: string, data: string}}} props
 */
export function CopyMenu({ prefix, device, example }) {
  const copy = async (/** @type {string} */ text) => {
    await copyText(text);
    toast(t.copied);
  };
  return html`<${Menu}
    label=${t.copy}
    icon="terminal"
    small=${true}
    items=${[
      { label: t.copySubscribe, icon: 'radio', onClick: () => copy(subscribeCurl(prefix, device)) },
      { label: t.copyPublish, icon: 'send', onClick: () => copy(publishCurl(example)) },
    ]}
  />`;
}
