import { html } from '../../html.js';
import { Icon, Mark } from '../../ui/index.js';
import icons from '../../vendor/lucide.js';
import { Specimen } from './ui-specimen.js';
import t from '../../strings/patterns.js';

const COLOURS = [
  ['paper', 'surface', 'raised', 'sunken', 'neutral-100', 'neutral-200', 'neutral-300', 'neutral-400', 'muted', 'ink'],
  ['accent', 'accent-deep', 'accent-wash', 'ok', 'ok-wash', 'warning', 'warning-wash', 'error', 'error-wash'],
  ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6', 'series-7', 'series-8'],
];
const SIZES = ['28', '20', '16', '14', '12'];
const SPACES = ['s1', 's2', 's3', 's4', 's5', 's6', 's7'];

const Colours = () =>
  html`<div class="stack">
    ${COLOURS.map(
      (row) => html`<div class="ui-colours">
        ${row.map(
          (name) => html`<div class="ui-colour">
            <span class="ui-swatch" style=${{ background: `var(--${name})` }}></span><code>${name}</code>
          </div>`,
        )}
      </div>`,
    )}
  </div>`;

const Type = () =>
  html`<div class="stack stack-tight">
    ${SIZES.map((size) => html`<p style=${{ fontSize: `var(--text-${size})` }}>${size} – ${t.sample}</p>`)}
    <p class="mono">ui-monospace – 0O 1lI 6f3a…91bc</p>
    <p class="muted">${t.sample}</p>
  </div>`;

const Space = () =>
  html`<div class="row">
    ${SPACES.map((name) => html`<span class="ui-space" title=${name} style=${{ width: `var(--${name})`, height: `var(--${name})` }}></span>`)}
  </div>`;

const Marks = () =>
  html`<div class="row ui-marks">
    ${[16, 24, 44, 96, 200].map((size) => html`<${Mark} size=${size} label=${`${t.mark}, ${size} px`} />`)}
  </div>`;

const Icons = () => html`<div class="ui-icons">${Object.keys(icons).map((name) => html`<span title=${name}><${Icon} name=${name} size=${20} /></span>`)}</div>`;

export default function Basics() {
  return html`
    <${Specimen} title=${t.mark} draw=${Marks} />
    <${Specimen} title=${t.colours} draw=${Colours} />
    <${Specimen} title=${t.type} draw=${Type} />
    <${Specimen} title=${t.space} draw=${Space} />
    <${Specimen} title=${t.icons} draw=${Icons} />
  `;
}
