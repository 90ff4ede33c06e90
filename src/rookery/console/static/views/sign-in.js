import { html, useEffect } from '../html.js';
import { session } from '../api/session.js';
import { navigate } from '../router.js';
import { Mark } from '../ui/index.js';
import { SignInForm } from '../ui/sign-in.js';
import t from '../strings/sign-in.js';

export const title = t.title;

/** Only addresses of the console itself: a link must not lead elsewhere. @param {string | undefined} next */
function inside(next) {
  return next && /^\/console(\/|$|\?)/.test(next) ? next : '/console/';
}

/** @param {{query: Record<string, string>}} props */
export default function SignIn({ query }) {
  const done = session.value.signed_in;
  useEffect(() => {
    if (done) navigate(inside(query.next), { replace: true });
  }, [done]);
  return html`<div class="gate">
    <div class="gate-mark"><${Mark} size=${44} /><span class="wordmark">Rookery</span></div>
    <section class="gate-card">
      <h1>${t.title}</h1>
      <${SignInForm} />
    </section>
    <p class="gate-help">${t.help}</p>
    ${session.value.server.version ? html`<p class="gate-help">${t.version(session.value.server.version)}</p>` : null}
  </div>`;
}
