/** All webhooks that the person may see: their own, those of products and organisations, and those of things. */
import { html } from '../html.js';
import { useLoad } from '../api/rest.js';
import { setQuery } from '../router.js';
import { style } from '../style.js';
import { Button, Field, Page, Panel, Table, Tag } from '../ui/index.js';
import t from '../strings/integrations.js';
import { pageOf } from './parts/integration-model.js';
import { everyPlace, loadAll } from './parts/integration-places.js';

await style('integrations');

export const title = t.title;

/** @typedef {import('./parts/integration-places.js').Listed} Listed */

/** @param {{query: Record<string, string>}} props */
export default function Integrations({ query }) {
  const load = useLoad(loadAll);
  const things = useLoad(async (api) => (await api.iot('GET', '/v2/things')).filter((/** @type {any} */ each) => each.webhook_uri));
  const filter = query.place ?? 'all';
  const places = load.data?.places ?? [everyPlace];
  const rows = (load.data?.integrations ?? []).filter((each) => filter === 'all' || each.place === filter);
  const create = html`<${Button} label=${t.create} icon="plus" kind="primary" href="/console/integrations/new" />`;
  return html`<${Page} title=${t.title} line=${t.line} action=${create}>
    <${Panel}
      title=${t.list}
      flush=${true}
      calls=${load.calls}
      actions=${places.length > 1
        ? html`<${Field}
            label=${t.place}
            hideLabel=${true}
            type="select"
            value=${filter}
            options=${[{ value: 'all', label: t.allPlaces }, ...places.map((each) => ({ value: each.id, label: each.label }))]}
            onInput=${(/** @type {string} */ place) => setQuery({ place: place === 'all' ? null : place })}
          />`
        : null}
    >
      <${Table}
        label=${t.list}
        load=${load}
        rows=${rows}
        keyOf=${(/** @type {Listed} */ row) => row.id}
        hrefOf=${(/** @type {Listed} */ row) => pageOf(row.id, row.place)}
        filtered=${filter !== 'all' && Boolean(load.data?.integrations.length)}
        onClear=${() => setQuery({ place: null })}
        empty=${{
          icon: 'webhook',
          sentence: t.empty,
          action: html`<${Button} label=${t.create} icon="plus" href="/console/integrations/new" />`,
          example: html`<code>${t.emptyExample}</code>`,
        }}
        columns=${[
          { key: 'name', label: t.columns.name, render: (/** @type {Listed} */ row) => row.name },
          { key: 'event', label: t.columns.event, render: (/** @type {Listed} */ row) => html`<code class="integration-event" title=${row.event}>${row.event}</code>` },
          {
            key: 'url',
            label: t.columns.url,
            hidePhone: true,
            render: (/** @type {Listed} */ row) => html`<span class="integration-url">${row.requestType} ${row.url}</span>`,
          },
          { key: 'place', label: t.columns.place, hidePhone: true, render: (/** @type {Listed} */ row) => row.placeName },
          { key: 'state', label: t.columns.state, render: (/** @type {Listed} */ row) => html`<${State} on=${!row.disabled} />` },
        ]}
      />
    <//>
    <${Panel} title=${t.things} line=${t.thingsLine} flush=${true} calls=${things.calls}>
      <${Table}
        label=${t.things}
        load=${things}
        rows=${things.data ?? []}
        keyOf=${(/** @type {any} */ row) => row.id}
        hrefOf=${(/** @type {any} */ row) => `/console/things/${row.id}`}
        empty=${{ sentence: t.thingsEmpty }}
        columns=${[
          { key: 'name', label: t.thingColumns.thing, render: (/** @type {any} */ row) => row.name },
          { key: 'url', label: t.thingColumns.url, render: (/** @type {any} */ row) => html`<span class="integration-url">${row.webhook_uri}</span>` },
          { key: 'state', label: t.thingColumns.state, render: (/** @type {any} */ row) => html`<${State} on=${row.webhook_active !== false} />` },
        ]}
      />
    <//>
  <//>`;
}

/** @param {{on: boolean}} props */
export function State({ on }) {
  return html`<${Tag} kind=${on ? 'ok' : 'plain'} label=${on ? t.on : t.off} />`;
}
