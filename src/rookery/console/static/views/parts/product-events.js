import { html, useState } from '../../html.js';
import { live, useLive } from '../../api/live.js';
import { Empty, Id, Panel, Table, Tag, Time } from '../../ui/index.js';
import t from '../../strings/products.js';

/** @typedef {{id: string, name: string, data: string | null, device: string | null, time: number}} Event */

/** More would not be looked at; the page of events has filters and pauses. */
const KEPT = 200;

/**
 * What the boards of a product say.
 * @param {{product: {id: number}}} props
 */
export function ProductEvents({ product }) {
  const [events, setEvents] = useState(/** @type {Event[]} */ ([]));
  useLive(`product-events/${product.id}`, (/** @type {any} */ message) => {
    if (message.k === 'event') setEvents((before) => [message, ...before].slice(0, KEPT));
  });
  const open = live.state.value === 'open';
  const state = html`<${Tag} label=${open ? t.eventsLive : t.eventsLost} kind=${open ? 'ok' : 'warning'} />`;
  return html`<${Panel} title=${t.events} line=${t.eventsLine} actions=${state}>
    ${events.length === 0
      ? html`<${Empty} sentence=${t.eventsEmpty} example=${t.eventsExample} icon="radio" />`
      : html`<${Table}
          label=${t.events}
          state="ready"
          rows=${events}
          keyOf=${(/** @type {Event} */ event) => event.id}
          columns=${[
            { key: 'name', label: t.eventName, render: (/** @type {Event} */ event) => event.name },
            { key: 'data', label: t.eventData, render: (/** @type {Event} */ event) => html`<code class="clip">${event.data}</code>` },
            {
              key: 'device',
              label: t.eventDevice,
              hidePhone: true,
              render: (/** @type {Event} */ event) => (event.device ? html`<${Id} id=${event.device} />` : '–'),
            },
            { key: 'time', label: t.eventTime, render: (/** @type {Event} */ event) => html`<${Time} at=${event.time} />` },
          ]}
        />`}
  <//>`;
}
