/** Gives a thing a board. */
import { html, useSignal } from '../../html.js';
import { iot, useLoad } from '../../api/rest.js';
import { Button, Dot, Empty, ErrorBox, Search, Sheet, Skeleton, toast } from '../../ui/index.js';
import { t } from '../../strings/attach.js';
import { modelOf, nameOf } from './devices-model.js';

/** @typedef {import('./devices-model.js').DevicePage} DevicePage */

const MOST = 50;

/** @param {{thing: import('./thing-model.js').ThingView, onClose: () => void, onChange: () => unknown}} props */
export function AttachBoard({ thing, onClose, onChange }) {
  const q = useSignal('');
  const chosen = useSignal('');
  const busy = useSignal(false);
  const error = useSignal('');
  const load = useLoad(
    async (api) =>
      /** @type {Promise<DevicePage>} */ (api.own('GET', 'devices', { query: { q: q.value, sort: 'name', per_page: MOST } })),
    [q.value],
  );
  const boards = (load.data?.devices ?? []).filter((device) => device.id !== thing.device_id);
  const picked = boards.find((device) => device.id === chosen.value);
  const submit = async () => {
    if (!picked) return;
    busy.value = true;
    try {
      await iot('POST', `/v2/things/${thing.id}`, { query: { force: true }, body: { device_id: picked.id } });
      toast(t.done, { kind: 'ok' });
      await onChange();
      onClose();
    } catch (wrong) {
      error.value = wrong instanceof Error ? wrong.message : String(wrong);
    }
    busy.value = false;
  };
  return html`
    <${Sheet} open title=${t.boardTitle} onClose=${onClose}
      footer=${html`<${Button} kind="primary" label=${t.attach} busy=${busy.value} disabled=${!picked} onClick=${submit} />`}>
      <p class="muted">${t.boardLine}</p>
      <${Search} label=${t.search} value=${q.value} onInput=${(/** @type {string} */ text) => {
        q.value = text;
      }} />
      ${load.state === 'error' && html`<${ErrorBox} error=${load.error} retry=${load.reload} />`}
      ${load.state === 'loading' && !load.data && html`<${Skeleton} rows=${4} />`}
      ${
        load.data &&
        boards.length === 0 &&
        html`<${Empty} sentence=${t.noBoards}
        action=${html`<${Button} label=${t.connect} href="/console/connect" />`} />`
      }
      <fieldset class="attach-list">
        <legend class="hidden">${t.board}</legend>
        ${boards.map(
          (device) => html`
          <label key=${device.id} class="attach-row">
            <input type="radio" name="board" checked=${device.id === chosen.value} onChange=${() => {
              chosen.value = device.id;
              error.value = '';
            }} />
            <span class="attach-name">${nameOf(device)}<small>${modelOf(device)}${device.thing ? ` · ${t.feeds(device.thing.name)}` : ''}</small></span>
            <${Dot} online=${device.online} />
          </label>
        `,
        )}
      </fieldset>
      ${picked?.thing && html`<p class="device-hint">${t.movesBoard(picked.thing.name)}</p>`}
      ${error.value && html`<p class="form-error" role="alert">${error.value}</p>`}
    <//>
  `;
}
