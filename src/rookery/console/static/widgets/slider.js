import { html } from '../html.js';
import words from '../strings/widgets.js';
import { limits, stepOf, tidy, writes } from './lib/fits.js';
import { instead, useDraft } from './lib/parts.js';
import { Range } from './lib/range.js';
import { NumberFields, RangeFields, ToneField } from './lib/settings.js';
import { toneOf } from './lib/tones.js';
import { formatNumber, formatValue, holds } from './types.js';

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const range = limits(options);
  const step = stepOf(options, bound.type, range);
  const draft = useDraft(bound);
  const value = draft.value;
  const unset = value === null || value === undefined;
  if (!unset && !holds(value, 'float')) return instead(bound, value, 'float');
  const unit = options.unit ?? bound.unit;
  const text = unset ? words.noValue : formatValue(value, bound.type, { unit, decimals: options.decimals });
  /** @param {number} next */
  const clean = (next) => tidy(next, step);
  return html`<div class="w-slider" style=${{ '--tone': toneOf(options.color) }}>
    <output class=${`w-slider-value ${unset ? 'is-unset' : ''}`}>${text}</output>
    <${Range}
      value=${unset ? range[0] : value}
      min=${range[0]}
      max=${range[1]}
      step=${step}
      label=${widget.name || bound.name}
      says=${text}
      unset=${unset}
      disabled=${!bound.writable}
      onInput=${(/** @type {number} */ next) => draft.change(clean(next))}
      onChange=${(/** @type {number} */ next) => draft.commit(clean(next))}
    />
    ${options.showLabels && html`<span class="w-slider-ends" aria-hidden="true"><span>${formatNumber(range[0])}</span><span>${formatNumber(range[1])}</span></span>`}
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange, variables }) {
  return html`<${RangeFields} options=${options} onChange=${onChange} step />
    <${NumberFields} options=${options} onChange=${onChange} variables=${variables} />
    <${ToneField}
      label=${words.settings.colour}
      value=${options.color ?? 'series-1'}
      onChange=${(/** @type {string} */ color) => onChange({ color })}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Slider',
  label: words.kinds.slider,
  icon: 'sliders-horizontal',
  fits: writes('int', 'float'),
  rank: () => 9,
  count: [1, 1],
  size: { w: 3, h: 2, minW: 2, minH: 1 },
  phone: { w: 2, h: 2 },
  defaults: () => ({ min: 0, max: 100, showLabels: true }),
  View,
  Settings,
};
