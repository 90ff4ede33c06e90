/** Gives a board a thing: a new one, or one that is there. */
import { html, useSignal } from '../../html.js';
import { iot, useLoad } from '../../api/rest.js';
import { Button, ErrorBox, Field, Form, Sheet, toast } from '../../ui/index.js';
import { t } from '../../strings/attach.js';

/** @typedef {{id: string, name: string, device_id?: string|null, device_name?: string|null}} ThingRow */

/** What the server takes as the name of a thing. */
export const THING_NAME = /^[a-zA-Z0-9_. -]{1,64}$/;

/**
 * A name that the server takes for a thing, from any text.
 * @param {string} text
 */
export const thingNameOf = (text) =>
  text
    .normalize('NFKD')
    .replace(/[^a-zA-Z0-9_. -]+/g, '')
    .trim()
    .slice(0, 64) || 'Thing';

/** The viewer's time zone: what a person who makes a thing most likely means. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/** @param {{device: {id: string, name: string}, onClose: () => void, onChange: () => unknown}} props */
export function AttachThing({ device, onClose, onChange }) {
  const things = useLoad(async (api) => /** @type {Promise<ThingRow[]>} */ (api.iot('GET', '/v2/things')), []);
  const fresh = useSignal('new');
  const name = useSignal(thingNameOf(device.name ?? ''));
  const chosen = useSignal('');
  const busy = useSignal(false);
  const error = useSignal('');
  const list = things.data ?? [];
  const picked = list.find((thing) => thing.id === chosen.value);
  const nameError = fresh.value === 'new' && name.value && !THING_NAME.test(name.value) ? t.nameBad : '';
  const ready = fresh.value === 'new' ? THING_NAME.test(name.value) : Boolean(picked);
  const submit = async () => {
    if (!ready) return;
    busy.value = true;
    error.value = '';
    try {
      if (fresh.value === 'new') {
        await iot('PUT', '/v2/things', {
          query: { force: true },
          body: { name: name.value, device_id: device.id, timezone: ownZone() },
        });
      } else {
        await iot('POST', `/v2/things/${chosen.value}`, { query: { force: true }, body: { device_id: device.id } });
      }
      toast(t.done, { kind: 'ok' });
      await onChange();
      onClose();
    } catch (wrong) {
      error.value = wrong instanceof Error ? wrong.message : String(wrong);
    }
    busy.value = false;
  };
  return html`
    <${Sheet} open title=${t.thingTitle} onClose=${onClose}
      footer=${html`<${Button} kind="primary" label=${t.attach} busy=${busy.value} disabled=${!ready} onClick=${submit} />`}>
      <${Form} onSubmit=${submit} busy=${busy.value} error=${error.value}>
        <p class="muted">${t.thingLine}</p>
        <${Field} type="radio" label=${t.which} value=${fresh.value} onInput=${(/** @type {string} */ value) => {
          fresh.value = value;
        }}
          options=${[
            { value: 'new', label: t.fresh },
            { value: 'old', label: t.existing, disabled: list.length === 0 },
          ]} />
        ${
          fresh.value === 'new'
            ? html`
          <${Field} label=${t.name} hint=${t.nameHint} value=${name.value} error=${nameError}
            onInput=${(/** @type {string} */ text) => {
              name.value = text;
            }} />
        `
            : html`
          <${Field} type="select" label=${t.which} value=${chosen.value} onInput=${(/** @type {string} */ value) => {
            chosen.value = value;
          }}
            hint=${picked?.device_id ? t.moves(picked.device_name ?? '') : undefined}
            options=${[
              { value: '', label: t.choose },
              ...list.map((thing) => ({
                value: thing.id,
                label: thing.device_name ? `${thing.name} (${t.taken(thing.device_name)})` : thing.name,
              })),
            ]} />
        `
        }
        ${things.state === 'error' && html`<${ErrorBox} error=${things.error} retry=${things.reload} />`}
      <//>
    <//>
  `;
}
