import { html } from '../html.js';
import { asCurl } from './calls.js';
import { Code, Json } from './code.js';
import { Sheet } from './dialog.js';
import { Tag } from './text.js';
import t from '../strings/ui.js';

/** What a panel asked, what came back, and the same as curl.
 * @param {{calls: import('../api/rest.js').Call[], onClose: () => void}} props */
export function CallsSheet({ calls, onClose }) {
  return html`<${Sheet} open=${true} wide=${true} title=${t.callsTitle} onClose=${onClose}>
    <p class="muted">${calls.length ? t.callsLine : t.callsNone}</p>
    ${calls.map(
      (call) => html`<section class="call">
        <h3 class="call-head">
          <code>${call.method} ${call.url}</code>
          <${Tag} label=${`${call.status || '–'} · ${Math.round(call.took)} ms`} kind=${call.status >= 200 && call.status < 400 ? 'ok' : 'error'} />
        </h3>
        <${Code} text=${asCurl(call)} language="shell" label="curl" />
        ${typeof call.reply === 'string' ? html`<${Code} text=${call.reply.slice(0, 20_000)} label=${t.reply} />` : html`<${Json} value=${call.reply} label=${t.reply} />`}
      </section>`,
    )}
  <//>`;
}
