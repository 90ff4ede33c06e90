import { html } from '../../html.js';
import { session } from '../../api/session.js';
import { asset } from '../../style.js';
import { Panel, Time } from '../../ui/index.js';
import t from '../../strings/settings.js';

/** What runs here. */
export function About() {
  const server = session.value.server;
  const ports = Object.entries(server.ports ?? {});
  return html`<${Panel} title=${t.about} line=${t.aboutLine}>
    <dl class="facts">
      <dt>${t.version}</dt>
      <dd>Rookery ${server.version}</dd>
      <dt>${t.started}</dt>
      <dd><${Time} at=${server.started} /></dd>
      <dt>${t.address}</dt>
      <dd>${server.url}</dd>
      <dt>${t.secureAddress}</dt>
      <dd>${server.secure_url ?? '–'}</dd>
      <dt>${t.ports}</dt>
      <dd>
        <ul class="plain">
          ${ports.map(([name, numbers]) => html`<li key=${name}><code>${name}</code> ${numbers.join(', ') || '–'}</li>`)}
        </ul>
      </dd>
      <dt>${t.licences}</dt>
      <dd><a href=${asset('vendor/VERSIONS.json')} target="_blank">VERSIONS.json</a></dd>
    </dl>
  <//>`;
}
