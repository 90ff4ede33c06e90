/** The first question: which board is it? */
import { html, useMemo, useSignal } from '../../html.js';
import { navigate, setQuery } from '../../router.js';
import { Button, Empty, Icon, Search } from '../../ui/index.js';
import { t } from '../../strings/connect.js';
import { grouped } from './connect-models.js';
import { StartSimulated } from './devices-simulated.js';

/** @typedef {import('./connect-models.js').Model} Model */

/** @param {{models: Model[], query: Record<string, string>}} props */
export function Choose({ models, query }) {
  const vendor = query.vendor === 'particle' ? 'particle' : 'arduino';
  const typed = useSignal('');
  const groups = useMemo(() => grouped(models, vendor, typed.value), [models, vendor, typed.value]);
  return html`
    <section class="connect-choose" aria-labelledby="connect-which">
      <h2 id="connect-which">${t.choose.title}</h2>
      <div class="connect-pick">
        <div class="connect-vendors" role="group" aria-label=${t.choose.vendor}>
          ${['arduino', 'particle'].map(
            (each) => html`
            <button key=${each} type="button" aria-pressed=${String(each === vendor)}
              onClick=${() => setQuery({ vendor: each === 'arduino' ? null : each })}>${t.choose[/** @type {'arduino'} */ (each)]}</button>
          `,
          )}
        </div>
        <${Search} label=${t.choose.search} value=${typed.value} onInput=${(/** @type {string} */ text) => {
          typed.value = text;
        }} />
      </div>
      ${
        groups.length === 0 &&
        html`<${Empty} sentence=${t.choose.none}
        action=${html`<${Button} label=${t.choose.clear} onClick=${() => {
          typed.value = '';
        }} />`} />`
      }
      ${groups.map(
        ([group, members]) => html`
        <div key=${group} class="connect-group">
          <h3>${/** @type {Record<string, string>} */ (t.choose.groups)[group] ?? group}</h3>
          <ul class="connect-models">
            ${members.map(
              (model) => html`<li key=${model.key}>
              <a class="connect-model" href=${`/console/connect?model=${encodeURIComponent(model.key)}`}>
                <${Icon} name=${iconOf(model)} size=${20} /> <span>${model.label}</span>
                ${model.cellular && html`<small>${t.choose.cellular}</small>`}
              </a>
            </li>`,
            )}
          </ul>
        </div>
      `,
      )}
      <p class="connect-simulated"><span class="muted">${t.choose.simulated}</span> <${StartSimulated} onDone=${() => navigate('/console/devices')} /></p>
    </section>
  `;
}

/** @param {Model} model */
function iconOf(model) {
  if (model.language === 'python' || model.language === 'node') return 'terminal';
  if (model.language === 'micropython') return 'code';
  return model.cellular || model.link === 'gsm' || model.link === 'nb' ? 'radio' : 'cpu';
}
