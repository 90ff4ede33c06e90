import { html, useState } from '../html.js';
import { session } from '../api/session.js';
import { IconButton } from './button.js';
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
  const [shown, setShown] = useState(/** @type {{sheet: typeof import('./calls-sheet.js').CallsSheet} | null} */ (null));
  const open = async () => setShown({ sheet: (await import('./calls-sheet.js')).CallsSheet });
  return html`
    <${IconButton} icon="code-xml" small=${true} label=${t.calls} onClick=${() => void open()} />
    ${shown ? html`<${shown.sheet} calls=${calls} onClose=${() => setShown(null)} />` : null}
  `;
}
