/** The request as it goes out and the reply as it comes back. */
import { html } from '../html.js';
import { style } from '../style.js';
import { Code, Icon, IconButton, Tag } from '../ui/index.js';
import t from '../strings/tutorial.js';
import { explain, remark } from './explain.js';
import { revealed } from './memory.js';
import { allHeaders, bodyText, masked, shortened } from './snippets.js';

await style('tutorial-exchange');

/** @typedef {import('./snippets.js').Request} Request */
/** @typedef {import('./steps.js').Reply} Reply */

/** @param {Request} request */
function written(request) {
  const body = bodyText(request.body);
  const head = [`${request.method} ${request.url}`, ...allHeaders(request).map(([name, value]) => `${name}: ${value}`)];
  // What is shortened is shown, not sent: its dots need no encoding.
  return body === null ? head.join('\n') : `${head.join('\n')}\n\n${pretty(request, body).replaceAll('%E2%80%A6', '…')}`;
}

/** @param {Request} request @param {string} body */
function pretty(request, body) {
  return request.body?.kind === 'json' && body.length > 72 ? JSON.stringify(request.body.value, null, 2) : body;
}

/** @param {{request: Request, secrets: string[]}} props */
export function RequestPane({ request, secrets }) {
  const shown = revealed.value;
  const whole = written(request);
  const text = shown ? whole : written(masked(withoutBasic(request, secrets), secrets));
  return html`<section class="tutorial-pane" aria-label=${t.request}>
    <div class="tutorial-pane-head">
      <h3>${t.request}</h3>
      <${IconButton}
        icon=${shown ? 'eye-off' : 'eye'}
        label=${shown ? t.hide : t.reveal}
        small=${true}
        pressed=${shown}
        onClick=${() => (revealed.value = !shown)}
      />
    </div>
    <${Code} text=${text} copy=${whole} label=${t.asSent} wrap=${true} />
  </section>`;
}

/** Basic hides its secret in base64, from where it is easily taken. @param {Request} request @param {string[]} secrets @returns {Request} */
function withoutBasic(request, secrets) {
  if (!request.basic) return request;
  const [[name, value]] = allHeaders(request);
  const hidden = secrets.includes(request.basic[1]) ? 'Basic …' : value;
  return { ...request, basic: undefined, headers: [[name, hidden], ...(request.headers ?? [])] };
}

/** @param {{reply: Reply | undefined, step: string, variant: import('./steps.js').Variant, streaming?: boolean, secrets: string[]}} props */
export function ReplyPane({ reply, step, variant, streaming = false, secrets }) {
  return html`<section class="tutorial-pane" aria-label=${t.reply}>
    <div class="tutorial-pane-head">
      <h3>${t.reply}</h3>
      ${reply ? html`<${Facts} reply=${reply} />` : null}
    </div>
    ${reply
      ? html`<${Meaning} reply=${reply} step=${step} variant=${variant} />
          ${reply.headers.length
            ? html`<details class="tutorial-headers">
                <summary>${t.headers(reply.headers.length)}</summary>
                <dl>${reply.headers.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
              </details>`
            : null}
          <${Body} reply=${reply} streaming=${streaming} secrets=${secrets} />`
      : html`<p class="tutorial-nothing">${streaming ? t.quiet : t.noReply}</p>`}
  </section>`;
}

/** @param {{reply: Reply}} props */
function Facts({ reply }) {
  const good = reply.status >= 200 && reply.status < 300;
  return html`<span class="tutorial-facts num" role="status">
    <${Tag} kind=${good ? 'ok' : 'error'} label=${reply.status ? `${reply.status} ${PHRASES[reply.status] ?? ''}`.trim() : '—'} />
    <span>${t.took(reply.took)}</span>
    <span>${t.bytes(new TextEncoder().encode(reply.text).length)}</span>
  </span>`;
}

/** @type {Record<number, string>} */
const PHRASES = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** @param {{reply: Reply, step: string, variant: import('./steps.js').Variant}} props */
function Meaning({ reply, step, variant }) {
  const problem = explain(reply);
  const note = problem ? null : remark(step, variant.id, reply);
  if (!problem && !note) return null;
  const wanted = problem && variant.refused;
  return html`<div class=${`tutorial-meaning${problem && !wanted ? ' tutorial-meaning-bad' : ''}`}>
    <${Icon} name=${problem && !wanted ? 'circle-alert' : 'info'} size=${16} />
    <p>${wanted ? `${t.wanted} ` : ''}${problem ? t.errors[problem] : t.remarks[note ?? '']}</p>
  </div>`;
}

/** @param {{reply: Reply, streaming: boolean, secrets: string[]}} props */
function Body({ reply, streaming, secrets }) {
  if (!reply.text) return streaming || reply.status >= 400 ? html`<p class="tutorial-nothing">${streaming ? t.quiet : t.noBody}</p>` : null;
  const whole = reply.json === undefined ? reply.text : JSON.stringify(reply.json, null, 2);
  const text = revealed.value ? whole : long(secrets).reduce((seen, secret) => seen.replaceAll(secret, shortened(secret)), whole);
  return html`<${Code} text=${text} copy=${whole} language=${reply.json === undefined ? 'text' : 'json'} label=${t.body} wrap=${true} />`;
}

/** Those that can be told from other words of a reply. @param {string[]} secrets */
function long(secrets) {
  return secrets.filter((secret) => secret.length >= 8);
}
