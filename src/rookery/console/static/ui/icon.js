import { html, h } from '../html.js';
import icons from '../vendor/lucide.js';

/** A Lucide icon (names in tools/console/icons.txt). Without `label` it is decoration beside a word.
 * @param {{name: string, size?: number, label?: string}} props */
export function Icon({ name, size = 16, label }) {
  const children = icons[name] ?? icons.circle;
  return html`<svg
    class="icon"
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width=${size > 17 ? 1.75 : 2}
    stroke-linecap="round"
    stroke-linejoin="round"
    role=${label ? 'img' : undefined}
    aria-label=${label}
    aria-hidden=${label ? undefined : 'true'}
  >
    ${children.map(([element, attributes]) => h(/** @type {any} */ (element), attributes))}
  </svg>`;
}
