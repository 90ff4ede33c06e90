/** What a thing is called by programs, its time zone, its webhook and its tags. */
import { html, useSignal } from '../../html.js';
import { iot } from '../../api/rest.js';
import { Button, Field, Form, Id, Panel, Time, toast } from '../../ui/index.js';
import { t } from '../../strings/things.js';
import { TagPanel } from './tag-panel.js';

/** @typedef {{thing: import('./thing-model.js').ThingView, onChange: () => unknown}} DetailProps */

const ZONES = Intl.supportedValuesOf('timeZone');

/** @param {DetailProps} props */
export function Details({ thing, onChange }) {
  return html`
    <div class="device-columns">
      <div class="device-main">
        <${Settings} key=${thing.id} thing=${thing} onChange=${onChange} />
        <${TagPanel} path=${`/v2/things/${thing.id}/tags`} tags=${thing.tags} onChange=${onChange} />
      </div>
      <div class="device-side">
        <${Panel} title=${t.details.title}>
          <dl class="device-facts">
            <div><dt>${t.details.id}</dt><dd><${Id} id=${thing.id} /></dd></div>
            <div><dt>${t.details.created}</dt><dd><${Time} at=${thing.created_at} /></dd></div>
            <div><dt>${t.details.changed}</dt><dd><${Time} at=${thing.updated_at} /></dd></div>
          </dl>
        <//>
        ${
          (thing.properties ?? []).length > 0 &&
          html`
          <${Panel} title=${t.details.variables}>
            <dl class="device-facts">
              ${(thing.properties ?? []).map(
                (property) => html`
                <div key=${property.id}><dt title=${property.name}>${property.variable_name}</dt><dd><${Id} id=${property.id} /></dd></div>
              `,
              )}
            </dl>
          <//>
        `
        }
      </div>
    </div>
  `;
}

/** @param {DetailProps} props */
function Settings({ thing, onChange }) {
  const zone = useSignal(thing.timezone);
  const uri = useSignal(thing.webhook_uri ?? '');
  const active = useSignal(thing.webhook_active);
  const busy = useSignal(false);
  const error = useSignal('');
  const uriError = uri.value && !/^https?:\/\/[^\s/]+/.test(uri.value) ? t.details.uriBad : '';
  const zones = ZONES.includes(thing.timezone) ? ZONES : [thing.timezone, ...ZONES];
  const changed =
    zone.value !== thing.timezone || uri.value !== (thing.webhook_uri ?? '') || active.value !== thing.webhook_active;
  const submit = async () => {
    if (uriError) return;
    busy.value = true;
    error.value = '';
    try {
      await iot('POST', `/v2/things/${thing.id}`, {
        body: { timezone: zone.value, webhook_uri: uri.value, webhook_active: Boolean(uri.value) && active.value },
      });
      toast(t.details.saved, { kind: 'ok' });
      await onChange();
    } catch (wrong) {
      error.value = wrong instanceof Error ? wrong.message : String(wrong);
    }
    busy.value = false;
  };
  return html`
    <${Panel} title=${t.details.settings}>
      <${Form} onSubmit=${submit} busy=${busy.value} error=${error.value}>
        <${Field} type="select" label=${t.details.zone} hint=${t.details.zoneHint} value=${zone.value}
          options=${zones.map((each) => ({ value: each, label: each }))} onInput=${(/** @type {string} */ value) => {
            zone.value = value;
          }} />
        <${Field} label=${t.details.webhook} hint=${t.details.webhookHint} value=${uri.value} error=${uriError} mono
          onInput=${(/** @type {string} */ value) => {
            if (!uri.value) active.value = true;
            uri.value = value.trim();
          }} />
        ${
          uri.value &&
          html`<${Field} type="switch" label=${t.details.active} value=${active.value}
          onInput=${(/** @type {boolean} */ value) => {
            active.value = value;
          }} />`
        }
        <p class="device-row"><${Button} kind="plain" type="submit" label=${t.details.save} busy=${busy.value} disabled=${!changed || Boolean(uriError)} /></p>
      <//>
    <//>
  `;
}
