/** What a board is, what runs on it, and what people wrote about it. */
import { html, useSignal } from '../../html.js';
import { v1 } from '../../api/rest.js';
import { Button, Field, Form, Id, Panel, Time, toast } from '../../ui/index.js';
import { t } from '../../strings/device.js';
import { modelOf } from './devices-model.js';

/** @typedef {import('./device-model.js').DeviceDetail} DeviceDetail */

const words = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

/** @param {{device: DeviceDetail, onAttach: () => void}} props */
export function Facts({ device, onAttach }) {
  const f = t.facts;
  return html`
    <${Panel} title=${f.title}>
      <dl class="device-facts">
        <div><dt>${device.dialect === 'particle' ? f.hex : f.id}</dt>
          <dd><${Id} id=${device.dialect === 'particle' ? device.hex_id : device.id} /></dd></div>
        <div><dt>${device.dialect === 'particle' ? f.id : f.hexAlso}</dt>
          <dd><${Id} id=${device.dialect === 'particle' ? device.id : device.hex_id} /></dd></div>
        <div><dt>${f.model}</dt><dd>${modelOf(device)}</dd></div>
        <div><dt>${f.thing}</dt><dd>${
          device.thing
            ? html`<a href=${`/console/things/${device.thing.id}`}>${device.thing.name}</a>`
            : html`<${Button} small kind="quiet" icon="link" label=${f.attach} onClick=${onAttach} />`
        }</dd></div>
        ${
          device.product &&
          html`<div><dt>${f.product}</dt>
          <dd><a href=${`/console/products/${device.product.number}`}>${device.product.name}</a></dd></div>`
        }
        ${device.groups.length > 0 && html`<div><dt>${f.groups}</dt><dd>${device.groups.join(', ')}</dd></div>`}
        ${device.last_heard && html`<div><dt>${f.heard}</dt><dd><${Time} at=${device.last_heard} /></dd></div>`}
        ${device.last_address && html`<div><dt>${f.address}</dt><dd><code>${device.last_address}</code></dd></div>`}
        ${device.connection_type && html`<div><dt>${f.link}</dt><dd>${device.connection_type}</dd></div>`}
        ${device.serial && html`<div><dt>${f.serial}</dt><dd><${Id} id=${device.serial} /></dd></div>`}
        ${device.fqbn && html`<div><dt>${f.fqbn}</dt><dd><code>${device.fqbn.split(':').map((part, at) => html`${at > 0 && ':'}<wbr />${part}`)}</code></dd></div>`}
        ${device.created && html`<div><dt>${f.created}</dt><dd><${Time} at=${device.created} /></dd></div>`}
      </dl>
    <//>
  `;
}

/** @param {{device: DeviceDetail, onFlash: () => void}} props */
export function Firmware({ device, onFlash }) {
  const entries = Object.entries(device.firmware ?? {}).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  );
  const send =
    device.dialect === 'particle' &&
    html`<${Button} small icon="upload" label=${t.firmware.send} disabled=${!device.online} onClick=${onFlash} />`;
  return html`
    <${Panel} title=${t.firmware.title} actions=${send}>
      ${
        entries.length === 0
          ? html`<p class="device-none">${t.firmware.none}</p>`
          : html`
        <dl class="device-facts">
          ${entries.map(
            ([key, value]) => html`
            <div key=${key}><dt>${/** @type {Record<string, string>} */ (t.firmware)[key] ?? key}</dt><dd>${shown(value)}</dd></div>
          `,
          )}
        </dl>
      `
      }
    <//>
  `;
}

/** @param {any} value */
function shown(value) {
  if (typeof value === 'boolean') return value ? t.firmware.yes : t.firmware.no;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.length > 24 ? html`<${Id} id=${text} />` : text;
}

/** @param {{device: DeviceDetail, onChange: () => unknown}} props */
export function Notes({ device, onChange }) {
  const open = useSignal(false);
  const text = useSignal('');
  const error = useSignal('');
  const busy = useSignal(false);
  const submit = async () => {
    busy.value = true;
    try {
      await v1('PUT', `/devices/${device.hex_id}`, { body: { notes: text.value } });
      open.value = false;
      toast(t.notes.done, { kind: 'ok' });
      await onChange();
    } catch (wrong) {
      error.value = words(wrong);
    }
    busy.value = false;
  };
  return html`
    <${Panel} title=${t.notes.title} actions=${
      !open.value &&
      html`
      <${Button} small icon="pencil" label=${t.notes.edit} onClick=${() => {
        text.value = device.notes ?? '';
        open.value = true;
      }} />
    `
    }>
      ${
        open.value
          ? html`
        <${Form} onSubmit=${submit} busy=${busy.value} error=${error.value}>
          <${Field} label=${t.notes.field} type="textarea" rows=${5} value=${text.value} autofocus
            onInput=${(/** @type {string} */ value) => {
              text.value = value;
            }} />
          <p class="device-row">
            <${Button} small kind="primary" type="submit" label=${t.notes.save} busy=${busy.value} />
            <${Button} small kind="quiet" label=${t.values.cancel} onClick=${() => {
              open.value = false;
            }} />
          </p>
        <//>
      `
          : device.notes
            ? html`<p class="device-notes">${device.notes}</p>`
            : html`<p class="device-none">${t.notes.empty}</p>`
      }
    <//>
  `;
}
