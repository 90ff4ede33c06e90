import { html } from '../html.js';
import words from '../strings/widgets.js';
import { Icon } from '../ui/index.js';
import { limits, reads } from './lib/fits.js';
import { iconOf } from './lib/icons.js';
import { instead, useBusy } from './lib/parts.js';
import { IconField, NumberFields, RangeFields, ThresholdFields, ToneField } from './lib/settings.js';
import { thresholdsOf, toneAt, toneOf } from './lib/tones.js';
import { bare, formatNumber } from './types.js';

/**
 * How much of the whole a value is: what is between the lowest and the highest, in hundredths.
 * @param {import('./lib/contract.js').ViewProps} props
 */
function View({ widget, variables: [bound], options }) {
  const value = bound.shown.value;
  const busy = useBusy(value);
  const other = instead(bound, value, 'float');
  if (other) return html`<div class="w-middle">${other}</div>`;
  const [low, high] = limits(options);
  const share = ((value - low) / (high - low)) * 100;
  const part = Math.min(Math.max(share, 0), 100);
  const tone = toneOf(toneAt(value, thresholdsOf(options.thresholds), options.color ?? 'series-1'));
  const text = formatNumber(share, options.decimals ?? (Number.isInteger(share) || Math.abs(share) >= 100 ? 0 : 1));
  return html`<div
    class=${`w-percent ${busy}`}
    role="meter"
    aria-label=${widget.name || bound.name}
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${part}
    aria-valuetext=${words.percent(text)}
    style=${{ '--tone': tone, '--part': `${part}%` }}
  >
    <div class="w-percent-head">
      ${iconOf(options.icon) && html`<span class="w-percent-icon"><${Icon} name=${iconOf(options.icon)} size=${24} /></span>`}
      <b class="w-percent-text">${text}<span class="w-value-unit">%</span></b>
    </div>
    <span class="w-percent-bar"><span></span></span>
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange }) {
  return html`<${RangeFields} options=${options} onChange=${onChange} />
    <${IconField}
      label=${words.settings.icon}
      value=${options.icon}
      onChange=${(/** @type {string|undefined} */ icon) => onChange({ icon })}
    />
    <${NumberFields} options=${options} onChange=${onChange} />
    <${ToneField}
      label=${words.settings.colour}
      value=${options.color ?? 'series-1'}
      onChange=${(/** @type {string} */ color) => onChange({ color })}
    />
    <${ThresholdFields} options=${options} onChange=${onChange} />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Percentage',
  label: words.kinds.percentage,
  icon: 'percent',
  fits: reads('int', 'float'),
  rank: (variables) => (/PERCENT/.test(bare(variables[0].type)) ? 11 : 6),
  count: [1, 1],
  size: { w: 2, h: 2, minW: 1, minH: 1 },
  phone: { w: 1, h: 2 },
  defaults: (variables) => ({
    min: 0,
    max: 100,
    ...(/HUMIDITY/.test(variables[0]?.type ?? '') ? { icon: 'droplets' } : {}),
  }),
  View,
  Settings,
};
