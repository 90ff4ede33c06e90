import { html } from '../html.js';
import words from '../strings/widgets.js';
import { writes } from './lib/fits.js';
import { WrongType } from './lib/parts.js';
import { LabelFields, ToneField } from './lib/settings.js';
import { toneOf } from './lib/tones.js';

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const value = bound.shown.value;
  if (value !== null && value !== undefined && typeof value !== 'boolean')
    return html`<${WrongType} value=${value} bound=${bound} />`;
  const on = value === true;
  const unset = value === null || value === undefined;
  const says = unset ? words.noValue : on ? options.labelOn || words.states.on : options.labelOff || words.states.off;
  return html`<div class="w-switch w-middle" style=${{ '--tone': toneOf(options.color, 'moss') }}>
    <button
      type="button"
      role="switch"
      class=${`w-switch-button ${unset ? 'is-unset' : ''}`}
      aria-checked=${on}
      aria-label=${widget.name || bound.name}
      disabled=${!bound.writable}
      onClick=${() => bound.write(!on)}
    >
      <span class="w-switch-thumb"></span>
    </button>
    ${(options.showLabels || unset) && html`<span class="w-caption" aria-hidden=${unset ? undefined : 'true'}>${says}</span>`}
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange }) {
  return html`<${LabelFields} options=${options} onChange=${onChange} />
    <${ToneField}
      label=${words.settings.colourOn}
      value=${options.color ?? 'moss'}
      onChange=${(/** @type {string} */ color) => onChange({ color })}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Switch',
  label: words.kinds.switch,
  icon: 'toggle-right',
  fits: writes('bool'),
  rank: () => 10,
  count: [1, 1],
  size: { w: 2, h: 2, minW: 1, minH: 1 },
  phone: { w: 1, h: 2 },
  defaults: () => ({ showLabels: true }),
  View,
  Settings,
};
