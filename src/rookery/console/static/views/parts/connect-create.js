/** Names an Arduino board and makes it known here, with its secret key and with something to send. */
import { html, useSignal } from '../../html.js';
import { navigate } from '../../router.js';
import { iot, useLoad } from '../../api/rest.js';
import { Button, Field, Form, Panel, toast } from '../../ui/index.js';
import { t } from '../../strings/connect.js';
import { ownZone, thingNameOf } from './attach-thing.js';
import { keepSecret } from './connect-secret.js';

/** @typedef {import('./connect-models.js').Model} Model */

/** What a first program has: something to see, something to set. */
const STARTERS = [
  { name: 'temperature', type: 'FLOAT', permission: 'READ_ONLY', update_strategy: 'TIMED', update_parameter: 5 },
  { name: 'led', type: 'STATUS', permission: 'READ_WRITE', update_strategy: 'ON_CHANGE', update_parameter: 0 },
  { name: 'message', type: 'CHARSTRING', permission: 'READ_WRITE', update_strategy: 'ON_CHANGE', update_parameter: 0 },
];

/** @param {{model: Model}} props */
export function Create({ model }) {
  const name = useSignal('');
  const what = useSignal('new');
  const wanted = useSignal(new Set(['temperature', 'led']));
  const thing = useSignal('');
  const busy = useSignal(false);
  const error = useSignal('');
  const things = useLoad((api) => api.iot('GET', '/v2/things'), []);
  const list = /** @type {{id: string, name: string, device_id?: string, device_name?: string}[]} */ (things.data ?? []);
  const picked = list.find((each) => each.id === thing.value);
  const nameError = name.value && (name.value.length > 64 || !/[a-zA-Z0-9]/.test(name.value)) ? t.create.nameBad : '';
  const ready = name.value.trim() && !nameError && (what.value !== 'old' || picked);

  const submit = async () => {
    if (!ready) return;
    busy.value = true;
    error.value = '';
    try {
      const device = await iot('PUT', '/v2/devices', {
        body: { name: name.value.trim(), type: model.type, ...(model.fqbn ? { fqbn: model.fqbn } : {}) },
      });
      if (model.login !== 'certificate') await keepSecret(device.id);
      try {
        if (what.value === 'new') {
          await iot('PUT', '/v2/things', {
            body: {
              name: thingNameOf(name.value),
              device_id: device.id,
              timezone: ownZone(),
              properties: STARTERS.filter((each) => wanted.value.has(each.name)).map((each) => ({
                ...each,
                variable_name: each.name,
                persist: true,
              })),
            },
          });
        } else if (what.value === 'old') {
          await iot('POST', `/v2/things/${thing.value}`, { query: { force: true }, body: { device_id: device.id } });
        }
      } catch (wrong) {
        toast(t.create.partly(wrong instanceof Error ? wrong.message : String(wrong)), { kind: 'error' });
      }
      navigate(`/console/connect/${device.id}?model=${encodeURIComponent(model.key)}`, { replace: true });
    } catch (wrong) {
      error.value = wrong instanceof Error ? wrong.message : String(wrong);
      busy.value = false;
    }
  };
  const toggle = (/** @type {string} */ symbol) => (/** @type {boolean} */ on) => {
    const next = new Set(wanted.value);
    if (on) next.add(symbol);
    else next.delete(symbol);
    wanted.value = next;
  };
  return html`
    <div class="connect-narrow">
      <${Panel} title=${t.create.title(model.label)}>
        <${Form} onSubmit=${submit} busy=${busy.value} error=${error.value}>
          <${Field} label=${t.create.name} hint=${t.create.nameHint} value=${name.value} error=${nameError} required autofocus
            onInput=${(/** @type {string} */ text) => {
              name.value = text;
            }} />
          <${Field} type="radio" label=${t.create.thing} value=${what.value} onInput=${(/** @type {string} */ value) => {
            what.value = value;
          }}
            options=${[
              { value: 'none', label: t.create.nothing },
              ...(list.length > 0 ? [{ value: 'old', label: t.create.existing, hint: t.create.existingHint }] : []),
              { value: 'new', label: t.create.fresh, hint: t.create.freshHint },
            ]} />
          ${
            what.value === 'new' &&
            html`
            <fieldset class="connect-starters">
              <legend class="hidden">${t.create.variables}</legend>
              ${STARTERS.map(
                (
                  each,
                ) => html`<${Field} key=${each.name} type="checkbox" label=${t.create.starters[/** @type {'led'} */ (each.name)]}
                value=${wanted.value.has(each.name)} onInput=${toggle(each.name)} />`,
              )}
            </fieldset>
          `
          }
          ${
            what.value === 'old' &&
            html`
            <${Field} type="select" label=${t.create.existing} value=${thing.value} onInput=${(/** @type {string} */ value) => {
              thing.value = value;
            }}
              hint=${picked?.device_id ? t.create.moves(picked.device_name ?? '') : undefined}
              options=${[
                { value: '', label: t.create.choose },
                ...list.map((each) => ({
                  value: each.id,
                  label: each.device_name ? `${each.name} (${t.create.taken(each.device_name)})` : each.name,
                })),
              ]} />
          `
          }
          <p class="device-row"><${Button} kind="primary" type="submit" label=${t.create.do} busy=${busy.value} disabled=${!ready} /></p>
        <//>
      <//>
    </div>
  `;
}
