import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { Button, Code, ErrorBox, Field, Form, Panel, Skeleton, Time, toast } from '../../ui/index.js';
import t from '../../strings/settings.js';

/** Under which names the server is called, and what makes others believe it. */
export function Certificates() {
  const load = useLoad(async (api) => api.own('GET', 'setup'), []);
  if (load.state === 'error') return html`<${ErrorBox} error=${load.error} retry=${load.reload} />`;
  if (!load.data) return html`<${Panel}><${Skeleton} rows=${6} /><//>`;
  const { ca, certificate, names, own: ownFiles } = load.data;
  return html`
    <p class="muted reading">${t.certificatesLine}</p>
    <${Panel} title=${t.authority} line=${t.authorityLine} calls=${load.calls}>
      <div class="row">
        <${Button} kind="plain" icon="download" href="/console/api/ca.pem" download label=${t.downloadPem} />
        <${Button} kind="plain" icon="download" href="/console/api/ca.crt" download label=${t.downloadCrt} />
      </div>
      <p class="muted">${t.phoneSteps}</p>
      <p class="muted">${t.computerSteps}</p>
      <${Facts} of=${ca} />
    <//>
    <${Panel} title=${t.certificate} line=${ownFiles ? t.ownCertificate : undefined}>
      <dl class="facts">
        <dt>${t.certificateNames}</dt>
        <dd>${names.map((/** @type {string} */ name) => html`<code key=${name}>${name}</code> `)}</dd>
      </dl>
      <${Facts} of=${certificate} />
      <${Hosts} hosts=${load.data.hosts} onDone=${load.reload} />
    <//>
  `;
}

/** @param {{of: {not_after: number, fingerprint: string}}} props */
function Facts({ of }) {
  return html`<dl class="facts">
      <dt>${t.validUntil}</dt>
      <dd><${Time} at=${of.not_after} /></dd>
    </dl>
    <${Code} label=${t.fingerprint} text=${of.fingerprint} />`;
}

/** @param {{hosts: string[], onDone: () => void}} props */
function Hosts({ hosts, onDone }) {
  const [text, setText] = useState(hosts.join('\n'));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    const wanted = text.split(/[\s,]+/).filter(Boolean);
    try {
      const told = await own('PUT', 'setup', { body: { hosts: wanted } });
      toast(told.restart ? t.hostsRestart : t.hostsSaved);
      onDone();
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  return html`<div class="settings-form"><${Form} onSubmit=${submit} busy=${busy} error=${error}>
    <${Field} type="textarea" label=${t.hosts} hint=${t.hostsHint} value=${text} onInput=${setText} rows=${3} mono name="hosts" />
    <div class="row"><${Button} kind="primary" type="submit" busy=${busy} label=${t.save} /></div>
  <//></div>`;
}
