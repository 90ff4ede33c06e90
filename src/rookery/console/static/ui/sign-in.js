import { html, useState } from '../html.js';
import { expired, session, signIn, signInWithCode } from '../api/session.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { Field, Form } from './field.js';
import { t } from '../strings/app.js';
import words from '../strings/sign-in.js';

/** The code of the second factor, once the password was right.
 * @param {{mfa: string, onDone?: () => void, onBack?: () => void}} props */
export function CodeForm({ mfa, onDone, onBack }) {
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await signInWithCode(mfa, code.replace(/\s/g, ''));
      onDone?.();
    } catch (thrown) {
      setError(thrown);
      setCode('');
    } finally {
      setBusy(false);
    }
  };
  return html`<${Form} onSubmit=${submit} busy=${busy} error=${error} label=${words.codeForm}>
    <${Field}
      label=${words.code}
      hint=${words.codeHint}
      value=${code}
      onInput=${setCode}
      autocomplete="one-time-code"
      mono=${true}
      required=${true}
      autofocus=${true}
      maxlength=${40}
    />
    <${Button} type="submit" kind="primary" wide=${true} label=${words.submitCode} busy=${busy} />
    ${onBack ? html`<${Button} kind="quiet" wide=${true} label=${words.back} onClick=${onBack} />` : null}
  <//>`;
}

/** E-mail and password, then the code of the second factor where the account has one.
 * @param {{email?: string, onDone?: () => void, fixed?: boolean}} props fixed: the person is known */
export function SignInForm({ email = '', onDone, fixed = false }) {
  const [name, setName] = useState(email);
  const [password, setPassword] = useState('');
  const [mfa, setMfa] = useState(/** @type {string | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      const wanted = await signIn(name.trim(), password);
      if (wanted) setMfa(wanted);
      else onDone?.();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  if (mfa) return html`<${CodeForm} mfa=${mfa} onDone=${onDone} onBack=${() => setMfa(null)} />`;
  return html`<${Form} onSubmit=${submit} busy=${busy} error=${error} label=${words.form}>
    <${Field}
      label=${words.email}
      type="email"
      name="email"
      autocomplete="username"
      value=${name}
      onInput=${setName}
      required=${true}
      disabled=${fixed}
      autofocus=${!email}
    />
    <${Field}
      label=${words.password}
      type="password"
      name="password"
      autocomplete="current-password"
      value=${password}
      onInput=${setPassword}
      required=${true}
      autofocus=${!!email}
    />
    <${Button} type="submit" kind="primary" wide=${true} label=${words.submit} busy=${busy} />
  <//>`;
}

/** Over the page, so that nothing of it is lost, when the session has ended. */
export function SignInAgain() {
  const email = session.value.person?.email ?? '';
  return html`<${Dialog} open=${expired.value} keep=${true} title=${t.expired.title} onClose=${() => {}}>
    <p class="muted">${t.expired.sentence}</p>
    <${SignInForm} email=${email} />
  <//>`;
}
