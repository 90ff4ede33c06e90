import { html, useState } from '../html.js';
import { own, useLoad } from '../api/rest.js';
import { signedIn } from '../api/session.js';
import { navigate } from '../router.js';
import { Button, Code, ErrorBox, Field, Form, Mark, Skeleton } from '../ui/index.js';
import { CodeForm } from '../ui/sign-in.js';
import t from '../strings/start.js';

export const title = t.title;
const SHORTEST = 10;

/** Where a one-time link leads: choose a password, be signed in, and on the first start go on with the set-up.
 * @param {{params: Record<string, string>}} props */
export default function Start({ params }) {
  const path = `start/${encodeURIComponent(params.token)}`;
  const load = useLoad(() => own('GET', path, { anyone: true }));
  return html`<div class="gate">
    <div class="gate-mark"><${Mark} size=${44} /><span class="wordmark">Rookery</span></div>
    <section class="gate-card">
      ${load.state === 'ready'
        ? html`<${Choose} path=${path} link=${load.data} />`
        : load.state === 'error'
          ? html`<${Gone} error=${load.error} retry=${load.reload} />`
          : html`<h1 class="hidden">${t.title}</h1><${Skeleton} rows=${4} />`}
    </section>
  </div>`;
}

/** @param {{error: import('../api/rest.js').ApiError | null, retry: () => void}} props */
function Gone({ error, retry }) {
  if (error?.status !== 404) return html`<h1>${t.title}</h1><${ErrorBox} error=${error} retry=${retry} />`;
  return html`
    <h1>${t.gone}</h1>
    <div class="stack">
      <p>${t.goneLine}</p>
      <p class="muted">${t.goneHelp}</p>
      <${Code} text="rookery user link you@example.com" language="shell" />
      <${Button} href="/console/sign-in" wide=${true} label=${t.signIn} />
    </div>
  `;
}

/** @param {{path: string, link: {email: string, name?: string, first: boolean}}} props */
function Choose({ path, link }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [mfa, setMfa] = useState(/** @type {string | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const next = () => navigate(link.first ? '/welcome' : '/', { replace: true });
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      const body = { password, ...(name.trim() ? { name: name.trim() } : {}) };
      signedIn(await own('POST', path, { body, anyone: true }));
      next();
    } catch (thrown) {
      const detail = /** @type {any} */ (thrown).detail;
      if (detail?.error === 'mfa_required') setMfa(detail.mfa);
      else setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const left = SHORTEST - password.length;
  if (mfa) return html`<h1>${t.title}</h1><${CodeForm} mfa=${mfa} onDone=${next} />`;
  return html`
    <h1>${link.first ? t.welcome : t.title}</h1>
    <p class="gate-line">${link.first ? t.first : t.again}</p>
    <${Form} onSubmit=${submit} busy=${busy} error=${error?.field === 'password' ? null : error} label=${t.title}>
      <${Field} label=${t.email} type="email" name="email" value=${link.email} autocomplete="username" readonly=${true} />
      ${link.first
        ? html`<${Field} label=${t.name} hint=${t.nameHint} name="name" autocomplete="name" value=${name} onInput=${setName} autofocus=${true} />`
        : null}
      <${Field}
        label=${t.password}
        hint=${password && left > 0 ? t.short(left) : t.passwordHint}
        error=${error?.field === 'password' ? error.message : null}
        type="password"
        name="password"
        autocomplete="new-password"
        value=${password}
        onInput=${setPassword}
        required=${true}
        autofocus=${!link.first}
      />
      <${Button} type="submit" kind="primary" wide=${true} busy=${busy} disabled=${left > 0} label=${link.first ? t.submitFirst : t.submit} />
    <//>
  `;
}
