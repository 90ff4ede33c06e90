import { html } from '../html.js';
import words from '../strings/widgets.js';
import { Field } from '../ui/index.js';
import { ChartView } from './lib/chart-view.js';
import { reads } from './lib/fits.js';
import { NumberFields, NumberOption, ToneField } from './lib/settings.js';
import { TONES } from './lib/tones.js';

const t = words.settings;

/** The place of a colour in the order of series; the others take the first. @param {any} tone */
export const placeOf = (tone) => Math.max(TONES.filter((one) => one.startsWith('series')).indexOf(tone), 0);

/** @param {import('./lib/contract.js').ViewProps} props */
function View(props) {
  const { options } = props;
  const look = {
    shape: options.shape,
    colour: placeOf(options.color),
    decimals: options.decimals,
    min: options.min,
    max: options.max,
  };
  return html`<${ChartView} ...${props} looks=${[look]} />`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange, variables }) {
  return html`<${Field}
      label=${t.shape}
      type="select"
      value=${options.shape ?? 'area'}
      onInput=${(/** @type {string} */ shape) => onChange({ shape })}
      options=${['area', 'line', 'points', 'bars'].map((value) => ({ value, label: t[/** @type {'area'} */ (value)] }))}
    />
    <div class="w-set-row">
      <${NumberOption} label=${t.least} name="min" options=${options} onChange=${onChange} placeholder=${t.auto} />
      <${NumberOption} label=${t.most} name="max" options=${options} onChange=${onChange} placeholder=${t.auto} />
    </div>
    <${NumberFields} options=${options} onChange=${onChange} variables=${variables} />
    <${ToneField}
      label=${t.colour}
      value=${options.color ?? 'series-1'}
      onChange=${(/** @type {string} */ color) => onChange({ color })}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Chart',
  aliases: ['Line Chart', 'Time Chart'],
  label: words.kinds.chart,
  icon: 'chart-line',
  fits: reads('int', 'float', 'bool'),
  rank: (variables) => (variables[0]?.permission === 'READ_ONLY' ? 10 : 7),
  count: [1, 1],
  size: { w: 6, h: 5, minW: 2, minH: 2 },
  phone: { w: 2, h: 4 },
  defaults: () => ({}),
  ranged: true,
  View,
  Settings,
};
