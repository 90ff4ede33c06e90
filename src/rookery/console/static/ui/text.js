import { html } from '../html.js';
import { Icon } from './icon.js';
import { Copy } from './copy.js';
import { Time, exactly, toMs } from './time.js';
import { wallTime } from './wall-time.js';
import t from '../strings/ui.js';

/** Whether a board is there: a dot and the word, with the time where it is known.
 * @param {{online: boolean, since?: number | string | null, quiet?: boolean}} props quiet: the word only for readers */
export function Dot({ online, since, quiet = false }) {
  const ms = toMs(since);
  const word = online ? t.online : t.offline;
  return html`<span class=${`dot ${online ? 'dot-online' : 'dot-offline'}`} title=${ms ? exactly(ms) : undefined}>
    <span class=${quiet ? 'hidden' : ''}>${word}</span>
    ${ms !== null && !quiet ? html` <span class="dot-since"><${Time} at=${ms} /></span>` : null}
  </span>`;
}

/** @param {{label: string, kind?: 'plain' | 'ok' | 'warning' | 'error' | 'accent', onRemove?: () => void, title?: string,
 *   icon?: string}} props */
export function Tag({ label, kind = 'plain', onRemove, title, icon }) {
  return html`<span class=${`tag tag-${kind}`} title=${title ?? (label.length > 28 ? label : undefined)}>
    ${icon ? html`<${Icon} name=${icon} size=${12} />` : null}
    <span class="tag-text">${label}</span>
    ${onRemove
      ? html`<button type="button" class="tag-remove" aria-label=${t.remove(label)} title=${t.remove(label)} onClick=${onRemove}>
          <${Icon} name="x" size=${12} />
        </button>`
      : null}
  </span>`;
}

/** An id, shortened in the middle, copied in full.
 * @param {{id: string, full?: boolean}} props */
export function Id({ id, full = false }) {
  const short = full || id.length <= 13 ? id : `${id.slice(0, 6)}…${id.slice(-4)}`;
  return html`<span class="id"><code title=${id}>${short}</code><${Copy} text=${id} quiet=${true} /></span>`;
}

export { bytes } from './bytes.js';

/** A number as people read it: at most six digits that mean something. @param {number} n */
export function number(n) {
  if (!Number.isFinite(n)) return String(n);
  const size = Math.abs(n);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return n.toExponential(3);
  return n.toLocaleString(undefined, { maximumSignificantDigits: size >= 1e6 ? 15 : 6 });
}

/** A value of a variable, with its unit; the raw one is in the title.
 * @param {{value: any, type?: string, unit?: string}} props */
export function Value({ value, type, unit }) {
  if (value === null || value === undefined) return html`<span class="muted">${t.noValue}</span>`;
  if (typeof value === 'boolean') {
    return html`<span class="value">${value ? t.on : t.off}</span>`;
  }
  if (typeof value === 'number') {
    if (type === 'TIME') return html`<span class="value" title=${String(value)}>${wallTime(value)}</span>`;
    return html`<span class="value num" title=${String(value)}>${number(value)}${unit ? html`<span class="unit"> ${unit}</span>` : null}</span>`;
  }
  if (typeof value === 'object') {
    const colour = type && /COLOR|COLOUR|LIGHT/i.test(type) && 'hue' in value ? `hsl(${value.hue} 80% 50%)` : null;
    const parts = Object.entries(value).map(([name, each]) => `${name} ${typeof each === 'number' ? number(each) : String(each)}`);
    return html`<span class="value" title=${JSON.stringify(value)}>
      ${colour ? html`<span class="swatch" style=${{ background: colour }}></span>` : null}${parts.join(', ')}
    </span>`;
  }
  const text = String(value);
  return html`<span class="value" title=${text.length > 40 ? text.slice(0, 1000) : undefined}>
    ${text.length > 200 ? `${text.slice(0, 200)}…` : text}${unit ? html`<span class="unit"> ${unit}</span>` : null}
  </span>`;
}
