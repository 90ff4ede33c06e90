import { html, useEffect, useState } from '../html.js';
import { Button } from './button.js';
import { bytes } from './bytes.js';
import { Icon } from './icon.js';
import { duration, now } from './time.js';
import t from '../strings/ui.js';

/** True once something has lasted so long that saying nothing would look broken.
 * @param {number} [ms] */
export function useLate(ms = 150) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, []);
  return late;
}

/** What is drawn while something loads; appears after 150 ms, so that quick answers do not flicker.
 * @param {{rows?: number}} props */
export function Skeleton({ rows = 3 }) {
  const late = useLate();
  return html`<div class=${`skeleton${late ? '' : ' skeleton-early'}`} role="status">
    <span class="hidden">${late ? t.loading : ''}</span>
    ${Array.from({ length: rows }, (_, at) => html`<div class="skeleton-row" style=${{ width: `${92 - ((at * 37) % 45)}%` }}></div>`)}
  </div>`;
}

/** Nothing is here yet: one sentence, one action, one example.
 * @param {{sentence: string, action?: import('../html.js').Children, example?: import('../html.js').Children, icon?: string}} props */
export function Empty({ sentence, action, example, icon }) {
  return html`<div class="empty">
    ${icon ? html`<div class="empty-icon"><${Icon} name=${icon} size=${20} /></div>` : null}
    <p class="empty-sentence">${sentence}</p>
    ${action ? html`<div class="empty-action">${action}</div>` : null}
    ${example ? html`<div class="empty-example">${example}</div>` : null}
  </div>`;
}

/** What went wrong, why, and what to do.
 * @param {{error: {message: string, status?: number} | string | null | undefined, retry?: () => void}} props */
export function ErrorBox({ error, retry }) {
  if (!error) return null;
  return html`<div class="error-box" role="alert">
    <${Icon} name="circle-alert" size=${20} />
    <div class="error-text">${typeof error === 'string' ? error : error.message || t.failed}</div>
    ${retry ? html`<${Button} label=${t.retry} icon="rotate-ccw" small=${true} onClick=${() => retry()} />` : null}
  </div>`;
}

/** A line of progress with amount and time left. Without `total` it only says that something moves.
 * @param {{done: number, total?: number | null, label: string, since?: number, unit?: string}} props since: ms since
 *   1970; unit: a word behind the numbers, `bytes` are shown as kB, MB … */
export function Progress({ done, total, label, since, unit }) {
  const part = total ? Math.min(1, done / total) : null;
  const left = part && since && part > 0.02 && part < 1 ? ((now.value - since) * (1 - part)) / part : null;
  const told = (/** @type {number} */ n) => (unit === 'bytes' ? bytes(n) : n.toLocaleString());
  const behind = unit && unit !== 'bytes' ? ` ${unit}` : '';
  const amount = total ? `${t.ofAll(told(done), told(total))}${behind}` : done ? `${told(done)}${behind}` : '';
  return html`<div class="progress">
    <div class="progress-line">
      <span>${label}</span>
      <span class="num muted">
        ${part === 1 ? t.done : amount}${left !== null && left >= 1_000 ? ` · ${t.timeLeft(duration(left))}` : ''}
      </span>
    </div>
    <div
      class=${`progress-bar${part === null ? ' progress-unknown' : ''}`}
      role="progressbar"
      aria-label=${label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${part === null ? undefined : Math.round(part * 100)}
    >
      <div class="progress-done" style=${{ width: part === null ? '30%' : `${part * 100}%` }}></div>
    </div>
  </div>`;
}
