import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { Button, ErrorBox, Field, Form, Skeleton, Tag } from '../../ui/index.js';
import t from '../../strings/welcome.js';

/** Labels that clients put in front of a name: they follow from it and would only fill the list. */
const LABELS = /^(wss|mqtts-up|mqtts-sa)\./;

/** @param {import('../welcome.js').StepProps} props */
export function NamesStep({ next }) {
  const load = useLoad((api) => api.own('GET', 'setup'));
  if (load.state === 'error') return html`<${ErrorBox} error=${load.error} retry=${load.reload} />`;
  if (!load.data) return html`<${Skeleton} rows=${4} />`;
  return html`<${Names} setup=${load.data} next=${next} />`;
}

/** @param {{setup: any, next: () => void}} props */
function Names({ setup, next }) {
  const before = setup.hosts.join('\n');
  const [text, setText] = useState(before);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const locked = setup.locked?.hosts;
  const names = setup.names.filter((/** @type {string} */ name) => !LABELS.test(name));
  const submit = async () => {
    const hosts = text.split(/[\s,]+/).filter(Boolean);
    if (hosts.join('\n') === before || locked) {
      next();
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await own('PUT', 'setup', { body: { hosts } });
      next();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return html`<${Form} onSubmit=${submit} busy=${busy} error=${error?.field === 'hosts' ? null : error} label=${t.names.title}>
    <div class="stack stack-tight">
      <h2 class="welcome-sub">${t.names.known}</h2>
      <div class="tags">${names.map((/** @type {string} */ name) => html`<${Tag} key=${name} label=${name} />`)}</div>
    </div>
    <${Field}
      type="textarea"
      rows=${3}
      mono=${true}
      label=${t.names.field}
      hint=${locked ? t.names.locked(locked) : t.names.hint}
      error=${error?.field === 'hosts' ? error.message : null}
      disabled=${!!locked}
      value=${text}
      onInput=${setText}
    />
    <p class="welcome-tip">${t.names.tip}</p>
    <div class="welcome-foot">
      <span></span>
      <${Button} type="submit" kind="primary" busy=${busy} label=${t.next} />
    </div>
  <//>`;
}
