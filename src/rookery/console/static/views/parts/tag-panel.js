/** The tags of a board or a thing. */
import { html, useSignal } from '../../html.js';
import { iot } from '../../api/rest.js';
import { Button, Field, Form, Panel, Tag, toast } from '../../ui/index.js';
import { t } from '../../strings/device.js';

const words = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

const TAG = /^[a-zA-Z0-9_.@-]{1,64}$/;

/**
 * @param {object} props
 * @param {string} props.path      where tags are put and deleted
 * @param {Record<string, string>} props.tags
 * @param {() => unknown} props.onChange
 */
export function TagPanel({ path, tags: all, onChange }) {
  const open = useSignal(false);
  const key = useSignal('');
  const value = useSignal('');
  const error = useSignal('');
  const busy = useSignal(false);
  const add = async () => {
    if (!TAG.test(key.value) || !TAG.test(value.value)) {
      error.value = t.tags.bad;
      return;
    }
    busy.value = true;
    try {
      await iot('PUT', path, { body: { key: key.value, value: value.value } });
      key.value = '';
      value.value = '';
      open.value = false;
      await onChange();
    } catch (wrong) {
      error.value = words(wrong);
    }
    busy.value = false;
  };
  const remove = async (/** @type {string} */ name) => {
    try {
      await iot('DELETE', `${path}/${encodeURIComponent(name)}`);
      toast(t.tags.removed(name), { kind: 'ok' });
      await onChange();
    } catch (wrong) {
      toast(words(wrong), { kind: 'error' });
    }
  };
  const tags = Object.entries(all);
  return html`
    <${Panel} title=${t.tags.title} actions=${
      !open.value &&
      html`<${Button} small icon="plus" label=${t.tags.add} onClick=${() => {
        open.value = true;
      }} />`
    }>
      ${tags.length === 0 && !open.value && html`<p class="device-none">${t.tags.empty}</p>`}
      ${
        tags.length > 0 &&
        html`<p class="device-tags">
        ${tags.map(([name, text]) => html`<${Tag} key=${name} label=${`${name}: ${text}`} onRemove=${() => remove(name)} />`)}
      </p>`
      }
      ${
        open.value &&
        html`
        <${Form} onSubmit=${add} busy=${busy.value} error=${error.value}>
          <div class="device-pair">
            <${Field} label=${t.tags.key} value=${key.value} autofocus
              onInput=${(/** @type {string} */ text) => {
                key.value = text;
                error.value = '';
              }} />
            <${Field} label=${t.tags.value} value=${value.value}
              onInput=${(/** @type {string} */ text) => {
                value.value = text;
                error.value = '';
              }} />
          </div>
          <p class="device-row">
            <${Button} small kind="primary" type="submit" label=${t.tags.add} busy=${busy.value} />
            <${Button} small kind="quiet" label=${t.values.cancel} onClick=${() => {
              open.value = false;
              error.value = '';
            }} />
          </p>
        <//>
      `
      }
    <//>
  `;
}
