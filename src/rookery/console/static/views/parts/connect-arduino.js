/** How an Arduino board that is known here gets here: its keys, the authority, its program, and the list of its steps. */
import { html, useEffect, useSignal } from '../../html.js';
import { session } from '../../api/session.js';
import { useLoad } from '../../api/rest.js';
import { Button, Code, ErrorBox, Secret, Skeleton, toast } from '../../ui/index.js';
import { t } from '../../strings/connect.js';
import { hostOf, portOf } from './connect-address.js';
import { AttachThing } from './attach-thing.js';
import { CertificateStep } from './connect-certificate.js';
import { Checklist } from './connect-checklist.js';
import { programOf, sketchName } from './connect-snippets.js';
import { addressProblem, Address, Section } from './connect-section.js';
import { fresh, keepSecret, secretOf } from './connect-secret.js';
import { TrustStep } from './connect-trust.js';
import { declarationsOf, propertyTypes } from './thing-model.js';

/** @typedef {import('./connect-models.js').Model} Model */
/** @typedef {import('./device-model.js').DeviceDetail} DeviceDetail */

/** @param {{model: Model, device: DeviceDetail, onChange: () => unknown}} props */
export function ArduinoSetup({ model, device, onChange }) {
  const { server } = session.value;
  const host = useSignal(hostOf(server));
  const attaching = useSignal(false);
  const certificate = model.login === 'certificate';
  const port = portOf(server.ports, certificate ? 'mqtts_cert' : 'mqtts');
  const secret = secretOf(device.id);
  useEffect(
    () => () => {
      fresh.value = null;
    },
    [],
  );
  const usable = addressProblem(host.value, 'mqtt') === '';
  const shownHost = usable ? host.value : hostOf(server);
  let number = 0;
  return html`
    <div class="connect-columns">
      <div class="connect-main">
        ${
          secret &&
          !secret.stored &&
          html`
          <h2 class="hidden">${t.secret.heading}</h2>
          <${Secret} title=${t.secret.title(device.name)} fileName=${`rookery-${sketchName(device.name)}`}
            entries=${[
              { label: t.secret.id, value: device.id },
              { label: t.secret.key, value: secret.key },
            ]}
            onDone=${() => {
              fresh.value = { ...secret, stored: true };
            }} />
        `
        }
        <${Address} host=${host.value} kind="mqtt" onHost=${(/** @type {string} */ text) => {
          host.value = text;
        }} />
        ${
          certificate &&
          html`
          <${Section} number=${++number} title=${t.certificate.title}><${CertificateStep} device=${device} onChange=${onChange} /><//>
        `
        }
        <${Section} number=${++number} title=${t.trust.title}><${TrustStep} model=${model} host=${shownHost} port=${port} /><//>
        <${Section} number=${++number} title=${t.program.title}>
          <${Program} model=${model} device=${device} host=${shownHost} port=${port} secret=${secret?.key ?? ''}
            onAttach=${() => {
              attaching.value = true;
            }} />
        <//>
        <${WayBack} model=${model} />
      </div>
      <aside class="connect-aside"><${Checklist} id=${device.id} device=${device} host=${shownHost} port=${port} onDone=${onChange} /></aside>
    </div>
    ${
      attaching.value &&
      html`<${AttachThing} device=${device} onClose=${() => {
        attaching.value = false;
      }} onChange=${onChange} />`
    }
  `;
}

/**
 * @param {object} props
 * @param {Model} props.model
 * @param {DeviceDetail} props.device
 * @param {string} props.host
 * @param {number} props.port
 * @param {string} props.secret
 * @param {() => void} props.onAttach
 */
function Program({ model, device, host, port, secret, onAttach }) {
  const thingId = device.thing?.id;
  const load = useLoad(
    async (api) => {
      const [types, variables] = await Promise.all([
        propertyTypes(api.iot),
        thingId ? api.iot('GET', `/v2/things/${thingId}/properties`) : [],
      ]);
      return { declarations: declarationsOf(types), variables };
    },
    [thingId],
  );
  const busy = useSignal(false);
  if (load.state === 'error') return html`<${ErrorBox} error=${load.error} retry=${load.reload} />`;
  if (!load.data) return html`<${Skeleton} rows=${6} />`;
  const language = model.language ?? 'cpp';
  const files = programOf({
    model,
    host,
    port,
    deviceId: device.id,
    secret: secret || t.secret.placeholder,
    name: device.name,
    ...load.data,
  });
  const renew = async () => {
    busy.value = true;
    try {
      await keepSecret(device.id);
      scrollTo({ top: 0 });
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { kind: 'error' });
    }
    busy.value = false;
  };
  return html`
    <p>${language === 'cpp' ? t.program.library : t.program[language]}</p>
    ${!thingId && html`<p class="connect-warn">${t.program.noThing} <${Button} small icon="link" label=${t.program.attach} onClick=${onAttach} /></p>`}
    ${
      !secret &&
      model.login !== 'certificate' &&
      html`<p class="connect-warn">${t.secret.lost}
      <${Button} small icon="key-round" label=${t.secret.renew} busy=${busy.value} onClick=${renew} /></p>`
    }
    ${files.map((file) => html`<${Code} key=${file.name} text=${file.content} language=${file.language} file=${file.name} />`)}
    ${language === 'cpp' && html`<p class="muted small">${t.program.time}</p>`}
  `;
}

/** @param {{model: Model}} props */
function WayBack({ model }) {
  const language = model.language ?? 'cpp';
  const words = language === 'node' ? t.back_.node : language === 'cpp' ? t.back_.arduino : t.back_.python;
  return html`
    <details class="connect-back">
      <summary>${t.back_.title}</summary>
      <p>${words}</p>
      ${model.trust === 'mkrwifi1010' || model.trust === 'nano_33_iot' ? html`<p>${t.back_.arduinoNina}</p>` : null}
      ${model.login === 'certificate' && html`<p>${t.back_.arduinoCert}</p>`}
      ${language === 'cpp' && html`<${Code} language="cpp" label=${t.back_.arduinoCode} text="ArduinoCloud.begin(ArduinoIoTPreferredConnection);" />`}
    </details>
  `;
}
