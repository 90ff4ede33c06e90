/** Sending one binary to one Particle board, and telling how it goes until the board is back. */
import { html, useEffect, useRef, useSignal } from '../../html.js';
import { own, v1 } from '../../api/rest.js';
import { useLive } from '../../api/live.js';
import { Button, Field, Icon, Progress, Sheet } from '../../ui/index.js';
import { t } from '../../strings/device.js';

/** @typedef {'send'|'agree'|'write'|'back'|'done'} Stage */

const STAGES = /** @type {Stage[]} */ (['send', 'agree', 'write', 'back']);
/** @type {Record<string, string>} */
const WORDS = { send: t.flash.stepSend, agree: t.flash.stepAgree, write: t.flash.stepDone, back: t.flash.stepBack };
/** Bytes. The largest module of any board is below; an upload of a film is a mistake. */
const LARGEST = 16_000_000;

/** @param {{device: import('./device-model.js').DeviceDetail, onClose: () => void, onChange: () => unknown}} props */
export function Flash({ device, onClose, onChange }) {
  const file = useSignal(/** @type {File|null} */ (null));
  const stage = useSignal(/** @type {Stage|null} */ (null));
  const error = useSignal('');
  const since = useRef(0);
  const problem = useSignal('');
  const looking = useSignal(false);
  const fileError = problemOf(file.value) || problem.value;

  useLive(`device-events/${device.id}`, (message) => {
    if (message.k !== 'event' || message.name !== 'spark/flash/status' || stage.peek() === null) return;
    const word = String(message.data).trim();
    if (word.startsWith('started')) stage.value = 'write';
    if (word.startsWith('success')) stage.value = 'back';
    if (word.startsWith('failed')) {
      error.value = t.flash.failed;
      stage.value = null;
    }
  });
  useLive(`device/${device.id}`, (message) => {
    if (message.k === 'presence' && message.online && stage.peek() === 'back') stage.value = 'done';
  });
  useEffect(() => {
    if (stage.value === 'done') void onChange();
  }, [stage.value]);

  const choose = async (/** @type {File|null} */ chosen) => {
    file.value = chosen;
    stage.value = null;
    error.value = '';
    problem.value = '';
    if (!chosen || problemOf(chosen)) return;
    looking.value = true;
    try {
      const told = await own('POST', `devices/${device.id}/firmware`, { body: chosen });
      if (file.peek() === chosen) problem.value = told.problem;
    } catch (wrong) {
      if (file.peek() === chosen) error.value = wrong instanceof Error ? wrong.message : String(wrong);
    }
    looking.value = false;
  };
  const send = async () => {
    if (!file.value || fileError) return;
    error.value = '';
    stage.value = 'send';
    since.current = Date.now();
    const form = new FormData();
    form.append('file', file.value, file.value.name);
    form.append('file_type', 'binary');
    try {
      await v1('PUT', `/devices/${device.hex_id}`, { body: form });
      if (stage.peek() === 'send') stage.value = 'write';
    } catch (wrong) {
      error.value = wrong instanceof Error ? wrong.message : String(wrong);
      stage.value = null;
    }
  };
  const running = stage.value !== null && stage.value !== 'done';
  const at = stage.value === null ? -1 : stage.value === 'done' ? STAGES.length : STAGES.indexOf(stage.value);
  return html`
    <${Sheet} open title=${t.flash.title} onClose=${onClose} footer=${
      stage.value === 'done'
        ? html`<${Button} kind="primary" label=${t.flash.close} onClick=${onClose} />`
        : html`<${Button} kind="primary" icon="upload" label=${error.value ? t.flash.again : t.flash.do} busy=${running}
          disabled=${!file.value || looking.value || Boolean(fileError) || !device.online} onClick=${send} />`
    }>
      <p class="muted">${t.flash.line}</p>
      <${Field} type="file" label=${t.flash.file} accept=".bin" value=${file.value} error=${fileError} disabled=${running}
        onInput=${choose} />
      ${!device.online && stage.value === null && html`<p class="device-hint">${t.flash.away}</p>`}
      ${error.value && html`<p class="form-error" role="alert"><${Icon} name="circle-alert" /> ${error.value}</p>`}
      ${
        stage.value !== null &&
        html`
        <ol class="device-stages" aria-live="polite">
          ${STAGES.map(
            (each, index) => html`
            <li key=${each} class=${index < at ? 'is-done' : index === at ? 'is-now' : ''}>
              <${Icon} name=${index < at ? 'circle-check' : index === at ? 'circle-dashed' : 'circle'} /> ${WORDS[each]}
            </li>
          `,
          )}
        </ol>
        ${running && html`<${Progress} done=${0} label=${t.flash.slow} />`}
        ${stage.value === 'done' && html`<p role="status">${t.flash.done}</p>`}
      `
      }
    <//>
  `;
}

/** @param {File|null} file */
function problemOf(file) {
  if (!file) return '';
  if (file.size === 0) return t.flash.empty;
  if (file.size > LARGEST) return t.flash.large;
  return /\.bin$/i.test(file.name) ? '' : t.flash.bad;
}
