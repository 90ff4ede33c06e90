import { html, useState } from '../html.js';
import { session } from '../api/session.js';
import { Code, Json } from './code.js';
import { Sheet } from './dialog.js';
import { IconButton } from './button.js';
import { Tag } from './text.js';
import t from '../strings/ui.js';

/** Text as one argument of a shell. @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A request as a command for a terminal, against this server.
 * @param {{method: string, url: string, headers?: Record<string, string>, body?: string | null}} call @returns {string} */
export function asCurl({ method, url, headers = {}, body }) {
  const { secure_url: secure, url: plain } = session.value.server;
  const origin = (location.protocol === 'https:' ? secure : plain) || location.origin;
  const full = url.startsWith('http') ? url : origin.replace(/\/$/, '') + url;
  const parts = [`curl${method === 'GET' ? '' : ` -X ${method}`} ${quoted(full)}`];
  if (url.startsWith('/console/')) parts.push('-b "rookery_session=$SESSION"');
  for (const [name, value] of Object.entries(headers)) {
    // Names of variables must reach the shell as such.
    parts.push(`-H ${value.includes('$TOKEN') ? `"${name}: ${value}"` : quoted(`${name}: ${value}`)}`);
  }
  if (body === '@file') parts.push('--data-binary @file');
  else if (body) parts.push(`-d ${quoted(body)}`);
  return parts.join(' \\\n  ');
}

/** The `</>` of a panel: what it asked, what came back, and the same as curl.
 * @param {{calls?: import('../api/rest.js').Call[]}} props */
export function Calls({ calls = [] }) {
  const [open, setOpen] = useState(false);
  return html`
    <${IconButton} icon="code-xml" small=${true} label=${t.calls} onClick=${() => setOpen(true)} />
    ${open
      ? html`<${Sheet} open=${true} wide=${true} title=${t.callsTitle} onClose=${() => setOpen(false)}>
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
        <//>`
      : null}
  `;
}
