/** Changing a board as a whole: its name, its secret key, away with it. */
import { html, useSignal } from '../../html.js';
import { navigate } from '../../router.js';
import { iot, v1 } from '../../api/rest.js';
import { Button, Dialog, Field, Form, Secret, Sheet, toast } from '../../ui/index.js';
import { t } from '../../strings/device.js';
import { nameOf } from './devices-model.js';

/** @typedef {import('./device-model.js').DeviceDetail} DeviceDetail */
/** @typedef {{device: DeviceDetail, onClose: () => void, onChange: () => unknown}} ChangeProps */

const words = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

/** @param {ChangeProps} props */
export function Rename({ device, onClose, onChange }) {
  const name = useSignal(device.name);
  const busy = useSignal(false);
  const error = useSignal('');
  const submit = async () => {
    busy.value = true;
    try {
      const body = { name: name.value.trim() };
      await (device.dialect === 'particle'
        ? v1('PUT', `/devices/${device.hex_id}`, { body })
        : iot('POST', `/v2/devices/${device.id}`, { body }));
      toast(t.rename.done, { kind: 'ok' });
      await onChange();
      onClose();
    } catch (wrong) {
      error.value = words(wrong);
    }
    busy.value = false;
  };
  return html`
    <${Sheet} open title=${t.rename.title} onClose=${onClose}
      footer=${html`<${Button} kind="primary" label=${t.rename.do} busy=${busy.value} disabled=${!name.value.trim()} onClick=${submit} />`}>
      <${Form} onSubmit=${submit} busy=${busy.value}>
        <${Field} label=${t.rename.field} hint=${device.dialect === 'particle' ? t.rename.hint : undefined} value=${name.value} error=${error.value}
          required autofocus onInput=${(/** @type {string} */ text) => {
            name.value = text;
            error.value = '';
          }} />
      <//>
    <//>
  `;
}

/** @param {ChangeProps} props */
export function NewSecret({ device, onClose, onChange }) {
  const secret = useSignal('');
  const busy = useSignal(false);
  const error = useSignal('');
  const confirm = async () => {
    busy.value = true;
    try {
      const { suggested_password: password } = await iot('GET', `/v2/devices/${device.id}/pass`, {
        query: { suggested_password: true },
      });
      await iot('PUT', `/v2/devices/${device.id}/pass`, { body: { password } });
      secret.value = password;
      void onChange();
    } catch (wrong) {
      error.value = words(wrong);
    }
    busy.value = false;
  };
  if (secret.value) {
    return html`
      <${Dialog} open keep title=${t.secret.shown} onClose=${onClose}>
        <${Secret} title=${nameOf(device)} fileName=${`rookery-${device.id}`} onDone=${() => {
          onClose();
          toast(t.secret.done, { kind: 'ok' });
        }}
          entries=${[
            { label: t.secret.id, value: device.id },
            { label: t.secret.key, value: secret.value },
          ]} />
      <//>
    `;
  }
  return html`
    <${Dialog} open title=${t.secret.title} confirmLabel=${t.secret.do} busy=${busy.value} error=${error.value} onClose=${onClose} onConfirm=${confirm}>
      <p>${t.secret.line}</p>
    <//>
  `;
}

/** @param {ChangeProps} props */
export function Remove({ device, onClose }) {
  const busy = useSignal(false);
  const error = useSignal('');
  const particle = device.dialect === 'particle';
  const name = nameOf(device);
  const confirm = async () => {
    busy.value = true;
    try {
      await (particle ? v1('DELETE', `/devices/${device.hex_id}`) : iot('DELETE', `/v2/devices/${device.id}`));
      toast(particle ? t.remove.unclaimDone : t.remove.done, { kind: 'ok' });
      navigate('/console/devices');
    } catch (wrong) {
      error.value = words(wrong);
      busy.value = false;
    }
  };
  return html`
    <${Dialog} open danger title=${particle ? t.remove.unclaimTitle(short(name)) : t.remove.title(short(name))} busy=${busy.value} error=${error.value}
      confirmLabel=${particle ? t.remove.unclaimDo : t.remove.do} mustType=${short(name)} onClose=${onClose} onConfirm=${confirm}>
      <p>${particle ? t.remove.unclaim : t.remove.arduino}</p>
      ${device.thing && html`<p>${particle ? t.remove.unclaimThing : t.remove.thing(short(device.thing.name))}</p>`}
    <//>
  `;
}

/** A name that a person can be asked to type. @param {string} name */
const short = (name) => (name.length > 40 ? name.slice(0, 40).trim() : name);
