import { html, useEffect, useRef } from '../html.js';
import { session } from '../api/session.js';
import { navigate, restore } from '../router.js';
import { style } from '../style.js';
import { Icon, Mark } from '../ui/index.js';
import { BoardsStep } from './parts/welcome-boards.js';
import { CertificateStep } from './parts/welcome-certificate.js';
import { NamesStep } from './parts/welcome-names.js';
import t from '../strings/welcome.js';

await style('welcome');

export const title = t.title;

/** @typedef {{next: () => void, back: (() => void) | null}} StepProps */

const STEPS = /** @type {const} */ (['names', 'certificate', 'boards']);
const PARTS = { names: NamesStep, certificate: CertificateStep, boards: BoardsStep };

/** The way from the first account to the first live value.
 * @param {{params: Record<string, string>}} props */
export default function Welcome({ params }) {
  // Names and certificates belong to those who run the server.
  const steps = STEPS.filter((step) => step === 'boards' || session.value.person?.operator);
  const at = Math.max(0, steps.indexOf(/** @type {'names'} */ (params.step ?? steps[0])));
  const step = steps[at];
  const top = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    document.title = `${t[step].title} · Rookery`;
    if (restore.focus) {
      restore.focus = false;
      top.current?.focus({ preventScroll: true });
    }
  }, [step]);
  const Part = PARTS[step];
  const go = (/** @type {number} */ to) => navigate(`/welcome/${steps[to]}`);
  return html`<div class="welcome">
    <header class="welcome-head">
      <a class="rail-mark" href="/console/" aria-label="Rookery"><${Mark} size=${28} /><span class="wordmark">Rookery</span></a>
      <a class="welcome-skip" href="/console/">${t.skip}</a>
    </header>
    <ol class="welcome-steps" aria-label=${t.stepsLabel}>
      <li class="welcome-done"><${Icon} name="check" size=${14} />${t.account}</li>
      ${steps.map(
        (each, place) => html`<li
          key=${each}
          class=${place < at ? 'welcome-done' : place === at ? 'welcome-here' : ''}
          aria-current=${place === at ? 'step' : undefined}
        >
          ${place < at ? html`<${Icon} name="check" size=${14} />` : html`<span class="num welcome-number">${place + 2}</span>`}
          ${place < at ? html`<a href=${`/console/welcome/${each}`}>${t.steps[each]}</a>` : t.steps[each]}
        </li>`,
      )}
    </ol>
    <section class="welcome-card">
      <h1 tabindex="-1" ref=${top}>${t[step].title}</h1>
      <p class="welcome-line">${t[step].line}</p>
      <${Part} key=${step} next=${() => go(at + 1)} back=${at > 0 ? () => go(at - 1) : null} />
    </section>
  </div>`;
}
