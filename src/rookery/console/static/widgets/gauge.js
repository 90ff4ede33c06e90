import { html } from '../html.js';
import words from '../strings/widgets.js';
import { limits, reads } from './lib/fits.js';
import { instead, useBusy } from './lib/parts.js';
import { NumberFields, RangeFields, ThresholdFields, ToneField } from './lib/settings.js';
import { thresholdsOf, toneAt, toneOf } from './lib/tones.js';
import { formatNumber, formatValue, unitOf } from './types.js';

const RADIUS = 42;
/** Degrees, clockwise from three o'clock. */
const BEGIN = -210;
const SWEEP = 240;

/** A point of the arc. @param {number} part 0 to 1 @param {number} [radius] */
function at(part, radius = RADIUS) {
  const angle = ((BEGIN + SWEEP * part) * Math.PI) / 180;
  return `${(50 + radius * Math.cos(angle)).toFixed(2)} ${(50 + radius * Math.sin(angle)).toFixed(2)}`;
}

/** @param {number} from @param {number} to @param {number} [radius] */
const arc = (from, to, radius = RADIUS) =>
  `M${at(from, radius)}A${radius} ${radius} 0 ${SWEEP * (to - from) > 180 ? 1 : 0} 1 ${at(to, radius)}`;

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const value = bound.shown.value;
  const busy = useBusy(value);
  const [low, high] = limits(options);
  const other = instead(bound, value, 'float');
  if (other && value !== null && value !== undefined) return html`<div class="w-middle">${other}</div>`;
  /** @param {number} number */
  const part = (number) => Math.min(Math.max((number - low) / (high - low), 0), 1);
  const thresholds = thresholdsOf(options.thresholds);
  const unit = options.unit ?? bound.unit ?? unitOf(bound.type);
  const unset = value === null || value === undefined;
  const tone = unset ? 'var(--neutral-200)' : toneOf(toneAt(value, thresholds, options.color ?? 'series-1'));
  const text = unset ? words.noValue : formatValue(value, bound.type, { unit, decimals: options.decimals });
  const beyond = !unset && (value < low || value > high);
  return html`<div
    class=${`w-gauge ${busy}`}
    role="meter"
    aria-label=${widget.name || bound.name}
    aria-valuemin=${low}
    aria-valuemax=${high}
    aria-valuenow=${unset ? low : Math.min(Math.max(value, low), high)}
    aria-valuetext=${text}
    style=${{ '--tone': tone }}
  >
    <svg viewBox="0 0 100 86" class="w-gauge-face" aria-hidden="true">
      <path class="w-gauge-track" d=${arc(0, 1)} />
      ${thresholds.map((one, place) => {
        const [begin, end] = [part(one.value), part(thresholds[place + 1]?.value ?? high)];
        return end > begin
          ? html`<path
              class="w-gauge-zone"
              key=${place}
              d=${arc(begin, end, RADIUS + 6)}
              style=${{ '--tone': toneOf(one.color) }}
            />`
          : null;
      })}
      ${!unset && html`<path class="w-gauge-fill" d=${arc(0, 1)} pathLength="1" style=${{ strokeDasharray: `${Math.max(part(value), 0.0001)} 2` }} />`}
      <text
        class=${`w-gauge-number ${unset ? 'is-unset' : ''}`}
        x="50"
        y="54"
        style=${{ fontSize: `${sizeFor(unset ? '–' : formatNumber(value, options.decimals))}px` }}
      >
        ${unset ? '–' : formatNumber(value, options.decimals)}
      </text>
      ${(unit || unset) && html`<text class="w-gauge-unit" x="50" y="66">${unset ? '' : unit}</text>`}
      ${
        !unset &&
        html`<text class="w-gauge-end" x="15" y="84">${short(low)}</text>
          <text class="w-gauge-end" x="85" y="84">${short(high)}</text>`
      }
    </svg>
    ${unset && html`<span class="w-gauge-none">${words.noValue}</span>`}
    ${beyond && html`<span class="hidden">${words.range.from(formatNumber(low), formatNumber(high))}</span>`}
  </div>`;
}

/** A number under the arc has little room. @param {number} value */
function short(value) {
  const text = formatNumber(value);
  if (text.length <= 7) return text;
  return new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
    .format(value)
    .replace('-', '−');
}

/** So that long numbers stay within the arc. @param {string} text */
const sizeFor = (text) => Math.min(19, 92 / Math.max(text.length, 4));

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange, variables }) {
  return html`<${RangeFields} options=${options} onChange=${onChange} />
    <${NumberFields} options=${options} onChange=${onChange} variables=${variables} />
    <${ToneField}
      label=${words.settings.colour}
      value=${options.color ?? 'series-1'}
      onChange=${(/** @type {string} */ color) => onChange({ color })}
    />
    <${ThresholdFields} options=${options} onChange=${onChange} />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Gauge',
  label: words.kinds.gauge,
  icon: 'gauge',
  fits: reads('int', 'float'),
  rank: () => 8,
  count: [1, 1],
  size: { w: 2, h: 3, minW: 2, minH: 2 },
  phone: { w: 1, h: 3 },
  defaults: () => ({ min: 0, max: 100 }),
  View,
  Settings,
};
