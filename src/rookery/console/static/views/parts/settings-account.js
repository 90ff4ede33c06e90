import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { refresh, signOut } from '../../api/session.js';
import { Button, ErrorBox, Field, Form, Panel, Skeleton, toast } from '../../ui/index.js';
import { SecondFactor } from './settings-mfa.js';
import { Sessions } from './settings-sessions.js';
import t from '../../strings/settings.js';

/** The person who is signed in: name, address, password, second factor, browsers. */
export function Account() {
  const load = useLoad(async (api) => api.own('GET', 'account'), []);
  if (load.state === 'error') return html`<${ErrorBox} error=${load.error} retry=${load.reload} />`;
  if (!load.data) return html`<${Panel}><${Skeleton} rows=${4} /><//>`;
  const out = html`<${Button} kind="plain" icon="log-out" label=${t.signOut} onClick=${signOut} />`;
  return html`
    <${Panel} title=${t.account} line=${t.accountLine} actions=${out} calls=${load.calls}>
      <${Profile} account=${load.data} onDone=${load.reload} />
    <//>
    <${Panel} title=${t.password} line=${t.passwordLine}><${Password} /><//>
    <${Panel} title=${t.mfa} line=${load.data.mfa ? t.mfaOn : t.mfaOff}>
      <${SecondFactor} on=${load.data.mfa} onDone=${load.reload} />
    <//>
    <${Sessions} />
  `;
}

/** @param {{account: {name: string, email: string}, onDone: () => void}} props */
function Profile({ account, onDone }) {
  const [name, setName] = useState(account.name);
  const [email, setEmail] = useState(account.email);
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const moved = email.trim() !== account.email;
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await own('PUT', 'account', { body: { name, ...(moved && { email, password }) } });
      toast(t.saved);
      setPassword('');
      await refresh();
      onDone();
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  return html`<div class="settings-form">
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field} label=${t.name} value=${name} onInput=${setName} name="name" required />
      <${Field} type="email" label=${t.email} value=${email} onInput=${setEmail} name="email" required />
      ${moved &&
      html`<${Field}
        type="password"
        label=${t.mfaAsk}
        value=${password}
        onInput=${setPassword}
        name="password"
        autocomplete="current-password"
        required
      />`}
      <div class="row"><${Button} kind="primary" type="submit" busy=${busy} label=${t.save} /></div>
    <//>
  </div>`;
}

/** Another password, for somebody who knows the one of now. */
function Password() {
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await own('POST', 'account/password', { body: { old, new: next } });
      toast(t.passwordChanged);
      setOld('');
      setNext('');
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  return html`<div class="settings-form">
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field} type="password" label=${t.oldPassword} value=${old} onInput=${setOld} name="old" autocomplete="current-password" required />
      <${Field}
        type="password"
        label=${t.newPassword}
        hint=${t.newPasswordHint}
        value=${next}
        onInput=${setNext}
        name="new"
        autocomplete="new-password"
        required
      />
      <div class="row"><${Button} kind="plain" type="submit" busy=${busy} label=${t.changePassword} /></div>
    <//>
  </div>`;
}
