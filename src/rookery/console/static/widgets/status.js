import { html } from '../html.js';
import words from '../strings/widgets.js';
import { Icon } from '../ui/index.js';
import { reads } from './lib/fits.js';
import { iconOf } from './lib/icons.js';
import { instead } from './lib/parts.js';
import { IconField, LabelFields, ToneField } from './lib/settings.js';
import { toneOf } from './lib/tones.js';

const on = { color: 'moss', icon: 'circle-check' };
const off = { color: 'rose', icon: 'circle-x' };

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ variables: [bound], options }) {
  const value = bound.shown.value;
  const other = instead(bound, value, 'bool');
  if (other) return html`<div class="w-middle">${other}</div>`;
  const tone = value ? toneOf(options.colorOn, on.color) : toneOf(options.colorOff, off.color);
  const icon = iconOf(value ? (options.iconOn ?? on.icon) : (options.iconOff ?? off.icon));
  const text = value ? options.labelOn || words.states.on : options.labelOff || words.states.off;
  return html`<div class="w-status w-middle" style=${{ '--tone': tone }}>
    ${icon && html`<span class="w-status-icon"><${Icon} name=${icon} size=${24} /></span>`}
    <span class=${options.showLabels === false && icon ? 'hidden' : 'w-status-text'}>${text}</span>
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange }) {
  const t = words.settings;
  return html`<${LabelFields} options=${options} onChange=${onChange} />
    <${IconField}
      label=${t.iconOn}
      value=${options.iconOn ?? on.icon}
      onChange=${(/** @type {string|undefined} */ iconOn) => onChange({ iconOn: iconOn ?? '' })}
    />
    <${ToneField}
      label=${t.colourOn}
      value=${options.colorOn ?? on.color}
      onChange=${(/** @type {string} */ colorOn) => onChange({ colorOn })}
    />
    <${IconField}
      label=${t.iconOff}
      value=${options.iconOff ?? off.icon}
      onChange=${(/** @type {string|undefined} */ iconOff) => onChange({ iconOff: iconOff ?? '' })}
    />
    <${ToneField}
      label=${t.colourOff}
      value=${options.colorOff ?? off.color}
      onChange=${(/** @type {string} */ colorOff) => onChange({ colorOff })}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Status',
  label: words.kinds.status,
  icon: 'circle-check',
  fits: reads('bool'),
  rank: (variables) => (variables[0]?.permission === 'READ_ONLY' ? 10 : 7),
  count: [1, 1],
  size: { w: 2, h: 2, minW: 1, minH: 1 },
  phone: { w: 1, h: 2 },
  defaults: () => ({ showLabels: true }),
  View,
  Settings,
};
