/** How a Particle board gets here: this server's key and address in its flash, its id, and its claim. */
import { html, useSignal } from '../../html.js';
import { setQuery } from '../../router.js';
import { session } from '../../api/session.js';
import { own } from '../../api/rest.js';
import { Button, Code, Field, Form, Id, saveFile, toast } from '../../ui/index.js';
import { t } from '../../strings/connect.js';
import { hostOf, isOn, portOf } from './connect-address.js';
import { Checklist } from './connect-checklist.js';
import { Claim, ClaimCode } from './connect-claim.js';
import { particleCommands } from './connect-snippets.js';
import { addressProblem, Address, Command, Section } from './connect-section.js';

/** @typedef {import('./connect-models.js').Model} Model */
/** @typedef {import('./device-model.js').DeviceDetail} DeviceDetail */

const UDP = 5684;

/** @param {{model: Model, device: DeviceDetail|null, hexId: string, onChange: () => unknown}} props */
export function ParticleSetup({ model, device, hexId, onChange }) {
  const { server } = session.value;
  const host = useSignal(hostOf(server));
  const doorway = useSignal(/** @type {import('./connect-checklist.js').Doorway|null} */ (null));
  const transport = model.transport ?? 'udp';
  const listener = transport === 'tcp' ? 'particle_tcp' : 'particle_udp';
  const port = portOf(server.ports, listener);
  const id = device?.id ?? (/^[0-9a-f]{24}$/.test(hexId) ? hexId : '');
  const shownHost = addressProblem(host.value, 'particle') === '' ? host.value : hostOf(server);
  return html`
    <div class="connect-columns">
      <div class="connect-main">
        ${!device && html`<${Section} number=${1} title=${t.particle.id.title}><${WhichBoard} key=${hexId} hexId=${hexId} /><//>`}
        <${Section} number=${device ? 1 : 2} title=${t.particle.keys.title}>
          <${Address} host=${host.value} kind="particle" onHost=${(/** @type {string} */ text) => {
            host.value = text;
          }} />
          ${!isOn(server.ports, listener) && html`<p class="connect-warn">${t.particle.keys.off}</p>`}
          <${Keys} transport=${transport} host=${shownHost} port=${port} usable=${addressProblem(host.value, 'particle') === ''} />
        <//>
        <${Section} number=${device ? 2 : 3} title=${t.particle.claim.title}>
          <${Claim} device=${device} hexId=${device?.hex_id ?? hexId} online=${doorway.value?.online ?? device?.online ?? false} onChange=${onChange} />
          ${!device && html`<${ClaimCode} />`}
        <//>
        <${Doctor} hexId=${device?.hex_id ?? hexId} />
        <${WayBack} hexId=${device?.hex_id ?? hexId} />
      </div>
      <aside class="connect-aside">
        ${
          id
            ? html`<${Checklist} key=${id} id=${id} device=${device} host=${shownHost} port=${port} onDone=${onChange}
            onStep=${(/** @type {import('./connect-checklist.js').Doorway} */ told) => {
              doorway.value = told;
            }} />`
            : html`<section class="connect-list"><h2>${t.list.title}</h2><p class="muted">${t.list.id}</p></section>`
        }
      </aside>
    </div>
  `;
}

/** @param {{transport: 'tcp'|'udp', host: string, port: number, usable: boolean}} props */
function Keys({ transport, host, port, usable }) {
  const commands = particleCommands({ transport, host, port });
  const k = t.particle.keys;
  const algorithm = transport === 'tcp' ? 'rsa' : 'ec';
  const download = async (/** @type {boolean} */ bare) => {
    try {
      const blob = await own('GET', 'boards/particle-key', {
        query: { algorithm, ...(bare ? {} : { host, ...(transport === 'tcp' ? { port } : {}) }) },
      });
      saveFile(bare ? commands.bare : commands.file, blob);
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { kind: 'error' });
    }
  };
  return html`
    <p>${k.line} <span class="muted">${k.install}</span></p>
    ${transport === 'udp' && port !== UDP && html`<p class="connect-warn">${k.port(port)}</p>`}
    <p class="device-row"><${Button} icon="download" label=${`${k.download} ${commands.file}`} disabled=${!usable} onClick=${() => download(false)} /></p>
    <ol class="connect-steps">
      <li>${k.dfu} <${Command} text=${commands.dfu} /></li>
      <li>${k.write} <${Command} text=${commands.write} /></li>
      <li>${k.restart} <${Command} text=${commands.restart} /></li>
    </ol>
    <details class="connect-more">
      <summary>${k.hand}</summary>
      <p class="device-row"><${Button} small icon="download" label=${`${k.download} ${commands.bare}`} onClick=${() => download(true)} /></p>
      <${Command} text=${commands.byHand} />
    </details>
  `;
}

/** @param {{hexId: string}} props */
function WhichBoard({ hexId }) {
  const typed = useSignal(hexId);
  const error = useSignal('');
  const i = t.particle.id;
  const submit = () => {
    const id = typed.value.trim().toLowerCase();
    if (!/^[0-9a-f]{24}$/.test(id)) error.value = i.bad;
    else setQuery({ id });
  };
  if (hexId && /^[0-9a-f]{24}$/.test(hexId)) {
    return html`<p>${i.watching} <${Id} id=${hexId} full /> <${Button} small kind="quiet" label=${i.change} onClick=${() => setQuery({ id: null })} /></p>`;
  }
  return html`
    <p>${i.hint}</p>
    <${Command} text=${i.command} />
    <${Form} onSubmit=${submit}>
      <${Field} label=${i.label} mono value=${typed.value} error=${error.value} placeholder="e00fce68…"
        onInput=${(/** @type {string} */ text) => {
          typed.value = text;
          error.value = '';
        }} />
      <p class="device-row"><${Button} type="submit" label=${i.watch} disabled=${!typed.value.trim()} /></p>
    <//>
  `;
}

/** The address of the API that a program on another machine uses. */
function apiAddress() {
  const { server } = session.value;
  return isOn(server.ports, 'https') ? `https://${hostOf(server)}:${portOf(server.ports, 'https')}` : server.url;
}

/** @param {{hexId: string}} props */
function Doctor({ hexId }) {
  const lines = [
    'particle profile local',
    `particle profile set apiUrl ${apiAddress()}`,
    'particle login',
    `particle keys doctor ${hexId || 'DEVICE_ID'}`,
  ];
  return html`
    <details class="connect-back">
      <summary>${t.particle.doctor.title}</summary>
      <p>${t.particle.doctor.line}</p>
      <${Code} text=${`${lines.join('\n')}\n`} language="shell" />
    </details>
  `;
}

/** @param {{hexId: string}} props */
function WayBack({ hexId }) {
  return html`
    <details class="connect-back">
      <summary>${t.back_.title}</summary>
      <p>${t.back_.particle}</p>
      <${Code} text=${'particle usb dfu\nparticle keys server\nparticle usb reset\n'} language="shell" />
      <p>${t.back_.profile}</p>
      <${Command} text="particle profile particle" />
      <p>${t.back_.doctor}</p>
      <${Command} text=${`particle keys doctor ${hexId || 'DEVICE_ID'}`} />
    </details>
  `;
}
