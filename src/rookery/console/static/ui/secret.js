import { html, useSignal } from '../html.js';
import { Button } from './button.js';
import { Copy, saveFile } from './copy.js';
import { Icon } from './icon.js';
import { confirmLeave } from './leave.js';
import { pdf } from './pdf.js';
import t from '../strings/ui.js';

/** What is shown once and never again. Leaving before "I have stored it" asks.
 * @param {{title: string, entries: Array<{label: string, value: string}>, fileName: string, onDone: () => void,
 *   ask?: boolean}} props
 *   fileName without its ending; ask: false where nothing is lost by leaving */
export function Secret({ title, entries, fileName, onDone, ask = true }) {
  const open = useSignal(ask);
  confirmLeave(open, t.secret.leave);
  const text = () => `${title}\n\n${entries.map(({ label, value }) => `${label}: ${value}`).join('\n')}\n`;
  return html`<section class="secret">
    <header class="secret-head">
      <${Icon} name="key-round" size=${20} />
      <div>
        <h2>${title}</h2>
        <p class="muted">${t.secret.once}</p>
      </div>
    </header>
    <dl class="secret-list">
      ${entries.map(
        ({ label, value }) => html`<div class="secret-entry" key=${label}>
          <dt>${label}</dt>
          <dd><code>${value}</code><${Copy} text=${value} /></dd>
        </div>`,
      )}
    </dl>
    <footer class="secret-foot">
      <span class="secret-keep">
        <${Button} small=${true} icon="file-text" label=${t.secret.text} onClick=${() => saveFile(`${fileName}.txt`, text())} />
        <${Button}
          small=${true}
          icon="printer"
          label=${t.secret.pdf}
          onClick=${() =>
            saveFile(`${fileName}.pdf`, pdf(title, entries.flatMap(({ label, value }) => [`${label}:`, value, ''])))}
        />
      </span>
      <${Button}
        kind="primary"
        icon="check"
        label=${t.secret.stored}
        onClick=${() => {
          open.value = false;
          onDone();
        }}
      />
    </footer>
  </section>`;
}
