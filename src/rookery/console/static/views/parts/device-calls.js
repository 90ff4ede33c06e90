/** What a Particle board offers: variables that are read when asked, functions that are called with an argument. */
import { html, useSignal } from '../../html.js';
import { v1 } from '../../api/rest.js';
import { Button, Panel, Time } from '../../ui/index.js';
import { t } from '../../strings/device.js';

/** @typedef {{state: 'asking'|'known'|'failed', value?: any, message?: string, at?: number}} Answer */

/** @param {unknown} error */
const words = (error) => (error instanceof Error ? error.message : String(error));

/** @param {{hexId: string, online: boolean, variables: Record<string, string>}} props */
export function Variables({ hexId, online, variables }) {
  /** @type {import('../../html.js').Signal<Record<string, Answer>>} */
  const answers = useSignal({});
  const calls = useSignal(/** @type {import('../../api/rest.js').Call[]} */ ([]));
  const names = Object.keys(variables);
  const put = (/** @type {string} */ name, /** @type {Answer} */ answer) => {
    answers.value = { ...answers.value, [name]: answer };
  };
  const get = async (/** @type {string} */ name) => {
    put(name, { ...answers.value[name], state: 'asking' });
    try {
      const told = await v1('GET', `/devices/${hexId}/${encodeURIComponent(name)}`, {
        onCall: (call) => {
          calls.value = [call];
        },
      });
      put(name, { state: 'known', value: told.result, at: Date.now() });
    } catch (error) {
      put(name, { state: 'failed', message: words(error) });
    }
  };
  // One question at a time: a board has little memory for more.
  const all = async () => {
    for (const name of names) await get(name);
  };
  return html`
    <${Panel} title=${t.variables.title} calls=${calls.value}
      actions=${names.length > 1 && html`<${Button} small label=${t.variables.all} icon="refresh-cw" disabled=${!online} onClick=${all} />`}>
      ${
        names.length === 0
          ? html`<p class="device-none">${t.variables.none}</p>`
          : html`
        <ul class="device-calls">
          ${names.map(
            (name) => html`
            <li key=${name}>
              <span class="device-call-name"><code>${name}</code> <small>${variables[name]}</small></span>
              <${Result} answer=${answers.value[name]} />
              <${Button} small label=${t.variables.get} title=${t.variables.getOne(name)} disabled=${!online}
                busy=${answers.value[name]?.state === 'asking'} onClick=${() => get(name)} />
            </li>
          `,
          )}
        </ul>
      `
      }
      ${!online && names.length > 0 && html`<p class="device-none">${t.variables.away}</p>`}
    <//>
  `;
}

/** @param {{answer: Answer|undefined}} props */
function Result({ answer }) {
  if (!answer) return html`<span class="device-call-value devices-none">${t.variables.asked}</span>`;
  if (answer.state === 'failed') return html`<span class="device-call-value device-wrong" role="status">${answer.message}</span>`;
  if (answer.value === undefined) return html`<span class="device-call-value"></span>`;
  const text = typeof answer.value === 'string' ? answer.value : JSON.stringify(answer.value);
  return html`
    <span class="device-call-value" role="status">
      <output title=${text}>${text === '' ? '""' : text}</output> ${answer.at && html`<small><${Time} at=${answer.at} /></small>`}
    </span>
  `;
}

/** @param {{hexId: string, online: boolean, functions: string[]}} props */
export function Functions({ hexId, online, functions }) {
  const calls = useSignal(/** @type {import('../../api/rest.js').Call[]} */ ([]));
  return html`
    <${Panel} title=${t.functions.title} calls=${calls.value}>
      ${
        functions.length === 0
          ? html`<p class="device-none">${t.functions.none}</p>`
          : html`
        <ul class="device-calls">
          ${functions.map(
            (name) => html`<${FunctionRow} key=${name} hexId=${hexId} name=${name} online=${online}
            onCall=${(/** @type {import('../../api/rest.js').Call} */ call) => {
              calls.value = [call];
            }} />`,
          )}
        </ul>
      `
      }
      ${!online && functions.length > 0 && html`<p class="device-none">${t.variables.away}</p>`}
    <//>
  `;
}

/** @param {{hexId: string, name: string, online: boolean, onCall: (call: import('../../api/rest.js').Call) => void}} props */
function FunctionRow({ hexId, name, online, onCall }) {
  const argument = useSignal('');
  const answer = useSignal(/** @type {Answer|null} */ (null));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    answer.value = { state: 'asking' };
    try {
      const told = await v1('POST', `/devices/${hexId}/${encodeURIComponent(name)}`, { body: { arg: argument.value }, onCall });
      answer.value = { state: 'known', value: told.return_value, at: Date.now() };
    } catch (error) {
      answer.value = { state: 'failed', message: words(error) };
    }
  };
  return html`
    <li>
      <form class="device-function" onSubmit=${submit}>
        <code class="device-call-name" title=${name}>${name}</code>
        <input class="device-argument" aria-label=${t.functions.argument(name)} placeholder=${t.functions.placeholder} value=${argument.value}
          autocomplete="off" spellcheck=${false}
          onInput=${(/** @type {Event} */ event) => {
            argument.value = /** @type {HTMLInputElement} */ (event.target).value;
          }} />
        <${Button} small type="submit" label=${t.functions.call} title=${t.functions.callOne(name)} disabled=${!online}
          busy=${answer.value?.state === 'asking'} />
      </form>
      ${
        answer.value &&
        answer.value.state !== 'asking' &&
        html`
        <p class="device-returned" role="status">
          ${
            answer.value.state === 'failed'
              ? html`<span class="device-wrong">${answer.value.message}</span>`
              : html`${t.functions.returned} <output>${answer.value.value}</output>`
          }
          ${answer.value.at && html` <small><${Time} at=${answer.value.at} /></small>`}
        </p>
      `
      }
    </li>
  `;
}
