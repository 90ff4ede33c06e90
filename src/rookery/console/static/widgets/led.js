import { html } from '../html.js';
import words from '../strings/widgets.js';
import { reads } from './lib/fits.js';
import { instead } from './lib/parts.js';
import { LabelFields, ToneField } from './lib/settings.js';
import { toneOf } from './lib/tones.js';

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const value = bound.shown.value;
  const unset = value === null || value === undefined;
  if (!unset && typeof value !== 'boolean') return html`<div class="w-middle">${instead(bound, value, 'bool')}</div>`;
  const text = unset
    ? words.noValue
    : value
      ? options.labelOn || words.states.on
      : options.labelOff || words.states.off;
  return html`<div class="w-led w-middle" style=${{ '--tone': toneOf(options.color ?? options.mode, 'moss') }}>
    <span
      class=${`w-led-lamp ${value ? 'is-on' : ''} ${unset ? 'is-unset' : ''}`}
      role="img"
      aria-label=${`${widget.name || bound.name}: ${text}`}
    ></span>
    ${(options.showLabels || unset) && html`<span class="w-caption" aria-hidden="true">${text}</span>`}
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange }) {
  return html`<${LabelFields} options=${options} onChange=${onChange} />
    <${ToneField}
      label=${words.settings.colour}
      value=${options.color ?? 'moss'}
      onChange=${(/** @type {string} */ color) => onChange({ color })}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'LED',
  label: words.kinds.led,
  icon: 'circle-dot',
  fits: reads('bool'),
  rank: (variables) => (variables[0]?.permission === 'READ_ONLY' ? 9 : 5),
  count: [1, 1],
  size: { w: 2, h: 2, minW: 1, minH: 1 },
  phone: { w: 1, h: 2 },
  defaults: () => ({ showLabels: true }),
  View,
  Settings,
};
