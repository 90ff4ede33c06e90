/** What can be done with several boards at once: a tag, a product, away with them. */
import { html, useComputed, useSignal } from '../../html.js';
import { iot, useLoad, v1 } from '../../api/rest.js';
import { Button, confirmLeave, Dialog, Field, Form, Progress, Sheet, toast } from '../../ui/index.js';
import { t } from '../../strings/devices.js';
import { forEach, nameOf } from './devices-model.js';

/** @typedef {import('./devices-model.js').Device} Device */
/** @typedef {import('../../html.js').Signal<Set<string>>} Selected */
/** @typedef {{item: Device, message: string}} Failure */

const NAMED = 5;
/** Ids of one request: the server takes more, proxies may not. */
const IDS_AT_ONCE = 500;
/** Milliseconds between two drawings of the progress: drawing each of ten thousand costs more than the work. */
const DRAW_EVERY = 100;
const TAG = /^[a-zA-Z0-9_.@-]{1,64}$/;

/**
 * @param {object} props
 * @param {Device[]} props.devices
 * @param {Selected} props.selected
 * @param {() => unknown} props.onDone
 * @param {number} props.others   how many match in all, where the whole page is selected and there are more; else 0
 * @param {() => unknown} props.onAll
 * @param {boolean} props.busy
 */
export function Bulk({ devices, selected, onDone, others, onAll, busy }) {
  const open = useSignal(/** @type {'tag'|'product'|'remove'|null} */ (null));
  const close = () => {
    open.value = null;
  };
  const finish = () => {
    selected.value = new Set();
    close();
    void onDone();
  };
  const shared = { devices, onClose: close, onFinish: finish, onDone };
  return html`
    <div class="devices-bulk" role="region" aria-label=${t.bulk.label}>
      <strong role="status">${t.bulk.selected(devices.length)}</strong>
      ${(others > 0 || busy) && html`<${Button} small kind="quiet" label=${t.bulk.all(others)} busy=${busy} onClick=${onAll} />`}
      <${Button} small icon="tag" label=${t.bulk.tag} onClick=${() => {
        open.value = 'tag';
      }} />
      <${Button} small icon="package" label=${t.bulk.product} onClick=${() => {
        open.value = 'product';
      }} />
      <${Button} small kind="danger" icon="trash-2" label=${t.bulk.remove} onClick=${() => {
        open.value = 'remove';
      }} />
      <span class="devices-space"></span>
      <${Button} small kind="quiet" icon="x" label=${t.bulk.clear} onClick=${() => {
        selected.value = new Set();
      }} />
    </div>
    ${open.value === 'tag' && html`<${SetTag} ...${shared} />`}
    ${open.value === 'product' && html`<${AddToProduct} ...${shared} />`}
    ${open.value === 'remove' && html`<${Remove} ...${shared} />`}
  `;
}

/** @typedef {{devices: Device[], onClose: () => void, onFinish: () => void, onDone: () => unknown}} ActionProps */

/**
 * The state of one action over many boards.
 * @param {ActionProps} props
 */
function useWork({ devices, onFinish, onDone }) {
  const done = useSignal(/** @type {number|null} */ (null));
  const failed = useSignal(/** @type {Failure[]} */ ([]));
  const since = useSignal(0);
  // Leaving the page stops the work.
  confirmLeave(
    useComputed(() => done.value !== null && failed.value.length === 0),
    t.bulk.leave,
  );
  return {
    busy: done.value !== null && failed.value.length === 0,
    /**
     * @param {(device: Device) => Promise<unknown>} call
     * @param {(n: number) => string} told
     */
    async run(call, told) {
      since.value = Date.now();
      done.value = 0;
      let drawn = Date.now();
      const wrong = await forEach(devices, call, (n) => {
        if (Date.now() - drawn < DRAW_EVERY) return;
        drawn = Date.now();
        done.value = n;
      });
      if (wrong.length === 0) {
        done.value = null;
        toast(told(devices.length), { kind: 'ok' });
        onFinish();
        return;
      }
      failed.value = wrong;
      void onDone();
    },
    view:
      done.value === null
        ? null
        : failed.value.length > 0
          ? html`<${Failed} failed=${failed.value} total=${devices.length} />`
          : html`<${Progress} label=${t.bulk.working} done=${done.value} total=${devices.length} since=${since.value} />`,
    over: failed.value.length > 0,
  };
}

/** @param {{failed: Failure[], total: number}} props */
function Failed({ failed, total }) {
  return html`
    <div class="devices-failed" role="alert">
      <p>${t.bulk.partly(total - failed.length, failed.length)}</p>
      <ul>
        ${failed.slice(0, NAMED).map(({ item, message }) => html`<li key=${item.id}><strong>${nameOf(item)}</strong>: ${message}</li>`)}
        ${failed.length > NAMED && html`<li>${t.more(failed.length - NAMED)}</li>`}
      </ul>
    </div>
  `;
}

/** @param {ActionProps} props */
function SetTag(props) {
  const key = useSignal('');
  const value = useSignal('');
  const error = useSignal('');
  const work = useWork(props);
  const submit = () => {
    if (!TAG.test(key.value) || !TAG.test(value.value)) {
      error.value = t.bulk.keyBad;
      return undefined;
    }
    return work.run(
      (device) => iot('PUT', `/v2/devices/${device.id}/tags`, { body: { key: key.value, value: value.value } }),
      t.bulk.tagged,
    );
  };
  return html`
    <${Sheet} open title=${t.bulk.tagTitle} onClose=${props.onClose}
      footer=${
        work.over
          ? html`<${Button} label=${t.bulk.close} onClick=${props.onClose} />`
          : html`<${Button} kind="primary" label=${t.bulk.tagDo} busy=${work.busy} onClick=${submit} />`
      }>
      <${Form} onSubmit=${submit} busy=${work.busy}>
        <p>${t.bulk.selected(props.devices.length)}</p>
        <${Field} label=${t.bulk.tagKey} value=${key.value} error=${error.value} required autofocus
          onInput=${(/** @type {string} */ text) => {
            key.value = text;
            error.value = '';
          }} />
        <${Field} label=${t.bulk.tagValue} value=${value.value} hint=${t.bulk.tagHint} required
          onInput=${(/** @type {string} */ text) => {
            value.value = text;
            error.value = '';
          }} />
      <//>
      ${work.view}
    <//>
  `;
}

/** @param {ActionProps} props */
function AddToProduct(props) {
  const products = useLoad((api) => api.v1('GET', '/user/products'), []);
  const list = /** @type {{id: number, name: string}[]} */ (products.data?.products ?? []);
  const chosen = useSignal('');
  const busy = useSignal(false);
  const error = useSignal('');
  const boards = props.devices.filter((device) => device.dialect === 'particle');
  const skipped = props.devices.length - boards.length;
  const submit = async () => {
    if (!chosen.value || boards.length === 0) return;
    busy.value = true;
    error.value = '';
    try {
      const ids = boards.map((device) => device.hex_id);
      for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
        const part = ids.slice(start, start + IDS_AT_ONCE);
        const told = await v1('POST', `/products/${chosen.value}/devices`, { body: { ids: part } });
        const refused = [...(told.nonmemberDeviceIds ?? []), ...(told.invalidDeviceIds ?? [])];
        if (refused.length > 0)
          throw new Error(t.bulk.partly(part.length - refused.length, refused.length) + ` ${refused.slice(0, NAMED).join(', ')}`);
      }
      toast(t.bulk.added(boards.length), { kind: 'ok' });
      props.onFinish();
    } catch (wrong) {
      error.value = wrong instanceof Error ? wrong.message : String(wrong);
    }
    busy.value = false;
  };
  const none = products.state === 'ready' && list.length === 0;
  return html`
    <${Sheet} open title=${t.bulk.productTitle} onClose=${props.onClose}
      footer=${html`<${Button} kind="primary" label=${t.bulk.productDo} busy=${busy.value}
        disabled=${!chosen.value || boards.length === 0} onClick=${submit} />`}>
      <${Form} onSubmit=${submit} busy=${busy.value} error=${error.value || products.error?.message}>
        <p>${t.bulk.selected(props.devices.length)}</p>
        ${
          none
            ? html`<p>${t.bulk.productNone}</p>`
            : html`
          <${Field} label=${t.bulk.productField} type="select" hint=${t.bulk.productHint} value=${chosen.value}
            options=${[{ value: '', label: t.bulk.choose }, ...list.map((each) => ({ value: String(each.id), label: each.name }))]}
            onInput=${(/** @type {string} */ value) => {
              chosen.value = value;
            }} />
        `
        }
        ${skipped > 0 && html`<p class="devices-note">${t.bulk.productSkipped(skipped)}</p>`}
      <//>
    <//>
  `;
}

/** @param {ActionProps} props */
function Remove(props) {
  const { devices } = props;
  const work = useWork(props);
  const confirm = () =>
    work.run(
      (device) =>
        device.dialect === 'particle' ? v1('DELETE', `/devices/${device.hex_id}`) : iot('DELETE', `/v2/devices/${device.id}`),
      t.bulk.removed,
    );
  const named = devices.slice(0, NAMED);
  return html`
    <${Dialog} open danger title=${t.bulk.removeTitle(devices.length)} confirmLabel=${t.bulk.removeDo} busy=${work.busy}
      mustType=${work.over ? undefined : t.bulk.removeWord(devices.length)} onClose=${props.onClose}
      onConfirm=${work.over ? props.onClose : confirm}>
      <ul class="devices-named">
        ${named.map((device) => html`<li key=${device.id}>${nameOf(device)}</li>`)}
        ${devices.length > NAMED && html`<li>${t.more(devices.length - NAMED)}</li>`}
      </ul>
      ${devices.some((device) => device.dialect === 'arduino') && html`<p>${t.bulk.removeArduino}</p>`}
      ${devices.some((device) => device.dialect === 'particle') && html`<p>${t.bulk.removeParticle}</p>`}
      ${work.view}
    <//>
  `;
}
