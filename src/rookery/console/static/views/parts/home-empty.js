import { html, useState } from '../../html.js';
import { own } from '../../api/rest.js';
import { session } from '../../api/session.js';
import { navigate } from '../../router.js';
import { Button } from '../../ui/button.js';
import { Icon } from '../../ui/icon.js';
import { Panel } from '../../ui/page.js';
import { toast } from '../../ui/toast.js';
import t from '../../strings/home.js';

const e = t.empty;

/** What one can do on a server without boards. */
export function Beginning() {
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    try {
      await own('POST', 'simulated', { body: {} });
      navigate('/welcome/boards');
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { kind: 'error' });
      setBusy(false);
    }
  };
  return html`<${Panel} title=${e.title} line=${e.line}>
    <div class="home-ways">
      <${Way} icon="plug" title=${e.connect} text=${e.connectText}>
        <${Button} kind="primary" href="/console/connect" label=${e.connectAction} />
      <//>
      ${session.value.server.features.simulated
        ? html`<${Way} icon="sparkles" title=${e.simulate} text=${e.simulateText}>
            <${Button} label=${e.simulateAction} busy=${busy} onClick=${start} />
          <//>`
        : null}
      <${Way} icon="book-open" title=${e.tutorial} text=${e.tutorialText}>
        <${Button} href="/console/tutorial" label=${e.tutorialAction} />
      <//>
    </div>
  <//>`;
}

/** @param {{icon: string, title: string, text: string, children?: any}} props */
function Way({ icon, title, text, children }) {
  return html`<article class="home-way">
    <${Icon} name=${icon} size=${20} />
    <h3>${title}</h3>
    <p>${text}</p>
    ${children}
  </article>`;
}
