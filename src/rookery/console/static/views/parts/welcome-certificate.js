import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { session } from '../../api/session.js';
import { Button, Copy, ErrorBox, Field, Form, Skeleton, Tabs, Time, toast } from '../../ui/index.js';
import t from '../../strings/welcome.js';

const w = t.certificate;
const SYSTEMS = /** @type {Array<keyof typeof w.howTo>} */ (Object.keys(w.howTo));

/** The system that this page is read on. @returns {keyof typeof w.howTo} */
function here() {
  const agent = navigator.userAgent;
  if (/iPhone|iPad/.test(agent)) return 'iphone';
  if (/Android/.test(agent)) return 'android';
  if (/Firefox/.test(agent)) return 'firefox';
  if (/Windows/.test(agent)) return 'windows';
  if (/Mac OS/.test(agent)) return 'mac';
  return 'linux';
}

/** @param {import('../welcome.js').StepProps} props */
export function CertificateStep({ next, back }) {
  const load = useLoad((api) => api.own('GET', 'setup'));
  const [system, setSystem] = useState(here());
  if (load.state === 'error') return html`<${ErrorBox} error=${load.error} retry=${load.reload} />`;
  if (!load.data) return html`<${Skeleton} rows=${6} />`;
  const setup = load.data;
  // "localhost" would lead another device to itself.
  const port = session.value.server.ports.https_port?.[0];
  const host = setup.hosts[0] ?? setup.machine.addresses[0] ?? setup.machine.name;
  const address = port ? `https://${host.includes(':') ? `[${host}]` : host}${port === 443 ? '' : `:${port}`}${setup.ca.downloads.der}` : null;
  return html`<div class="stack">
    ${setup.own ? html`<p class="welcome-tip">${w.own}</p>` : null}
    <div class="welcome-file">
      <div class="button-row">
        <${Button} kind=${setup.own ? 'plain' : 'primary'} icon="download" href=${setup.ca.downloads.der} download="rookery-ca.crt" label=${w.download} />
        <${Button} href=${setup.ca.downloads.pem} download="rookery-ca.pem" label=${w.downloadPem} />
      </div>
      ${address
        ? html`<div class="welcome-elsewhere"><span class="muted">${w.elsewhere}</span><code class="welcome-address">${address}</code><${Copy} text=${address} /></div>`
        : null}
      <dl class="facts">
        <dt>${w.fingerprint}</dt>
        <dd><code class="welcome-print">${setup.ca.fingerprint}</code></dd>
        <dt>${w.until}</dt>
        <dd><${Time} at=${setup.ca.not_after} exact=${true} /></dd>
      </dl>
    </div>
    <div class="stack stack-tight">
      <${Tabs}
        label=${w.systems}
        current=${system}
        onTab=${(/** @type {keyof typeof w.howTo} */ id) => setSystem(id)}
        tabs=${SYSTEMS.map((id) => ({ id, label: w.systemNames[id] }))}
      />
      <ol class="welcome-how">${w.howTo[system].map((line) => html`<li key=${line}>${line}</li>`)}</ol>
      <p class="muted small">${w.compare}</p>
    </div>
    <${Own} setup=${setup} onChange=${load.set} />
    <div class="welcome-foot">
      ${back ? html`<${Button} label=${t.back} icon="arrow-left" onClick=${back} />` : html`<span></span>`}
      <${Button} kind=${setup.own ? 'primary' : 'plain'} label=${t.next} onClick=${next} />
    </div>
  </div>`;
}

/** @param {{setup: any, onChange: (setup: any) => void}} props */
function Own({ setup, onChange }) {
  const [chain, setChain] = useState(/** @type {File | null} */ (null));
  const [key, setKey] = useState(/** @type {File | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const locked = setup.locked?.tls_cert ?? setup.locked?.tls_key;
  /** @param {{certificate: string, key: string} | null} value */
  const send = async (value) => {
    setBusy(true);
    setError(null);
    try {
      onChange(await own('PUT', 'setup', { body: { own_certificate: value } }));
      toast(w.used);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return html`<details class="welcome-own">
    <summary>${w.ownTitle}</summary>
    <${Form}
      label=${w.ownTitle}
      busy=${busy}
      error=${error}
      onSubmit=${async () => {
        if (chain && key) await send({ certificate: await chain.text(), key: await key.text() });
      }}
    >
      <p class="muted">${locked ? t.names.locked(locked) : w.ownLine}</p>
      <div class="columns">
        <${Field} type="file" label=${w.chain} accept=".pem,.crt,.cer" value=${chain} onInput=${setChain} disabled=${!!locked} />
        <${Field} type="file" label=${w.key} accept=".pem,.key" value=${key} onInput=${setKey} disabled=${!!locked} />
      </div>
      <div class="button-row">
        <${Button} type="submit" label=${w.useOwn} busy=${busy} disabled=${!chain || !key || !!locked} />
        ${setup.own && !locked ? html`<${Button} kind="quiet" label=${w.back} busy=${busy} onClick=${() => void send(null)} />` : null}
      </div>
    <//>
  </details>`;
}
