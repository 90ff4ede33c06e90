import { html } from '../../html.js';
import t from '../../strings/patterns.js';

/** The same part twice: light and dark. `draw` makes it anew for each, so that their states are apart.
 * @param {{title: string, draw: (props: {theme: string}) => any, wide?: boolean}} props wide: one below the other */
export function Specimen({ title, draw: Draw, wide = false }) {
  return html`<section class="specimen" aria-label=${title}>
    <h2>${title}</h2>
    <div class=${`specimen-pair${wide ? ' specimen-wide' : ''}`}>
      <div class="specimen-light" role="group" aria-label=${`${title}, ${t.light}`}><${Draw} theme=${t.light} /></div>
      <div class="specimen-dark" role="group" aria-label=${`${title}, ${t.dark}`}><${Draw} theme=${t.dark} /></div>
    </div>
  </section>`;
}
