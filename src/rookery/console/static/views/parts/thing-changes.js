/** Changing a thing as a whole, and deleting a variable of it. */
import { html, useSignal } from '../../html.js';
import { navigate } from '../../router.js';
import { iot } from '../../api/rest.js';
import { Button, Dialog, Field, Form, Sheet, toast } from '../../ui/index.js';
import { t } from '../../strings/things.js';
import { THING_NAME, thingNameOf } from './attach-thing.js';

/** @typedef {{thing: import('./thing-model.js').ThingView, onClose: () => void, onChange: () => unknown}} ChangeProps */

const words = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

/** @param {ChangeProps} props */
export function RenameThing({ thing, onClose, onChange }) {
  return html`<${NameSheet} title=${t.rename.title} label=${t.fresh.name} name=${thing.name} action=${t.rename.do} onClose=${onClose}
    onSubmit=${async (/** @type {string} */ name) => {
      await iot('POST', `/v2/things/${thing.id}`, { body: { name } });
      toast(t.rename.done, { kind: 'ok' });
      await onChange();
      onClose();
    }} />`;
}

/** @param {ChangeProps} props */
export function Clone({ thing, onClose }) {
  const tags = useSignal(true);
  return html`<${NameSheet} title=${t.clone.title} line=${t.clone.line} label=${t.clone.name} name=${thingNameOf(t.clone.copy(thing.name))}
    action=${t.clone.do} onClose=${onClose}
    extra=${
      Object.keys(thing.tags).length > 0 &&
      html`<${Field} type="checkbox" label=${t.clone.tags} value=${tags.value}
      onInput=${(/** @type {boolean} */ value) => {
        tags.value = value;
      }} />`
    }
    onSubmit=${async (/** @type {string} */ name) => {
      const copy = await iot('PUT', `/v2/things/${thing.id}/clone`, { body: { name, include_tags: tags.value } });
      toast(t.clone.done, { kind: 'ok' });
      navigate(`/console/things/${copy.id}`);
      onClose();
    }} />`;
}

/**
 * @param {object} props
 * @param {string} props.title
 * @param {string} [props.line]
 * @param {string} props.label
 * @param {string} props.name
 * @param {string} props.action
 * @param {import('../../html.js').Children} [props.extra]
 * @param {() => void} props.onClose
 * @param {(name: string) => Promise<void>} props.onSubmit
 */
function NameSheet({ title, line, label, name: before, action, extra, onClose, onSubmit }) {
  const name = useSignal(before);
  const busy = useSignal(false);
  const error = useSignal('');
  const good = THING_NAME.test(name.value);
  const submit = async () => {
    if (!good) return;
    busy.value = true;
    try {
      await onSubmit(name.value);
    } catch (wrong) {
      error.value = words(wrong);
    }
    busy.value = false;
  };
  return html`
    <${Sheet} open title=${title} onClose=${onClose}
      footer=${html`<${Button} kind="primary" label=${action} busy=${busy.value} disabled=${!good} onClick=${submit} />`}>
      <${Form} onSubmit=${submit} busy=${busy.value} error=${error.value}>
        ${line && html`<p class="muted">${line}</p>`}
        <${Field} label=${label} hint=${t.fresh.hint} value=${name.value} error=${name.value && !good ? t.fresh.bad : ''} required autofocus
          onInput=${(/** @type {string} */ text) => {
            name.value = text;
            error.value = '';
          }} />
        ${extra}
      <//>
    <//>
  `;
}

/** @param {ChangeProps} props */
export function RemoveThing({ thing, onClose }) {
  return html`
    <${RemoveDialog} name=${thing.name} action=${t.remove.thingDo} onClose=${onClose}
      onConfirm=${async () => {
        await iot('DELETE', `/v2/things/${thing.id}`);
        toast(t.remove.done, { kind: 'ok' });
        navigate('/console/things');
      }}>
      ${thing.properties_count > 0 && html`<p>${t.remove.thing(thing.properties_count)}</p>`}
      ${thing.device_id && html`<p>${t.remove.board}</p>`}
      <p>${t.remove.later}</p>
    <//>
  `;
}

/** @param {ChangeProps & {property: import('./value-write.js').Property}} props */
export function RemoveVariable({ thing, property, onClose, onChange }) {
  return html`
    <${RemoveDialog} name=${property.name} action=${t.remove.variableDo} onClose=${onClose}
      onConfirm=${async () => {
        await iot('DELETE', `/v2/things/${thing.id}/properties/${property.id}`);
        toast(t.remove.done, { kind: 'ok' });
        await onChange();
        onClose();
      }}>
      <p>${t.remove.variable}</p>
      <p>${t.remove.later}</p>
    <//>
  `;
}

/** @param {{name: string, action: string, onClose: () => void, onConfirm: () => Promise<void>, children?: any}} props */
function RemoveDialog({ name, action, onClose, onConfirm, children }) {
  const busy = useSignal(false);
  const error = useSignal('');
  const short = name.length > 40 ? name.slice(0, 40).trim() : name;
  const confirm = async () => {
    busy.value = true;
    try {
      await onConfirm();
    } catch (wrong) {
      error.value = words(wrong);
      busy.value = false;
    }
  };
  return html`
    <${Dialog} open danger title=${t.remove.title(short)} confirmLabel=${action} mustType=${short} busy=${busy.value} error=${error.value}
      onClose=${onClose} onConfirm=${confirm}>${children}<//>
  `;
}
