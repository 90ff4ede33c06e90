/** Where a board keeps the authorities that it believes, and this server's authority in that form. */
import { html } from '../../html.js';
import { useLoad } from '../../api/rest.js';
import { Button, Code, ErrorBox, Skeleton } from '../../ui/index.js';
import { t } from '../../strings/connect.js';

/** @typedef {{board: string, checks: boolean, steps: string[], files: {path: string, content: string}[]}} Trust */

/** @param {{model: import('./connect-models.js').Model, host: string, port: number}} props */
export function TrustStep({ model, host, port }) {
  const name = model.trust ?? 'esp32';
  const load = useLoad(
    async (api) => /** @type {Promise<Trust>} */ (api.own('GET', `boards/${encodeURIComponent(name)}/ca`)),
    [name],
  );
  if (load.state === 'error') return html`<${ErrorBox} error=${load.error} retry=${load.reload} />`;
  if (!load.data) return html`<${Skeleton} rows=${3} />`;
  const { steps, files } = load.data;
  const language = model.language ?? 'cpp';
  return html`
    <ol class="connect-steps">
      ${steps.filter((step) => fits(step, language)).map((step) => html`<li key=${step}>${filled(step, host, port)}</li>`)}
    </ol>
    ${files.map(
      ({ path, content }) => html`<${Code} key=${path} text=${content} file=${path.split('/').at(-1)} label=${path}
      language=${path.endsWith('.h') ? 'cpp' : 'text'} />`,
    )}
    ${language === 'micropython' && html`<p class="device-row"><${Button} small icon="download" label=${t.program.der} href="/console/api/ca.crt" download="ca.der" /></p>`}
  `;
}

/** Steps for other languages than the board's are of no use here. @param {string} step @param {string} language */
function fits(step, language) {
  if (/^Node\.js/.test(step)) return language === 'node';
  if (/^Python/.test(step)) return false;
  return language !== 'micropython' || !step.startsWith('Save the certificate');
}

/** The words HOST and PORT of the steps, filled in. @param {string} step @param {string} host @param {number} port */
const filled = (step, host, port) => step.replaceAll('HOST', `"${host}"`).replaceAll('PORT', String(port));
