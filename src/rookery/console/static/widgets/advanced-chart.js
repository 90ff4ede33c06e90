import { html } from '../html.js';
import words from '../strings/widgets.js';
import { Field } from '../ui/index.js';
import { placeOf } from './chart.js';
import { ChartView } from './lib/chart-view.js';
import { reads } from './lib/fits.js';
import { TONES } from './lib/tones.js';

const t = words.settings;
const MOST = 5;

/** What a map of the options says of a variable; the wire keys them by the id of the property. @param {any} map @param {string} id */
const of = (map, id) => (map !== null && typeof map === 'object' ? map[id] : undefined);

/** @param {any} value */
const digits = (value) => (Number.isInteger(value) && value >= 0 && value <= 12 ? value : undefined);

/** @param {import('./lib/contract.js').ViewProps} props */
function View(props) {
  const { options, variables } = props;
  const looks = variables.slice(0, MOST).map((one, at) => {
    const side = of(options.axes, one.id);
    const shape = of(options.shapes, one.id);
    return {
      axis: side === 'right' ? 'right' : side === 'left' ? 'left' : undefined,
      decimals: digits(of(options.format, one.id)),
      shape: ['line', 'area', 'points', 'bars'].includes(shape) ? shape : undefined,
      colour: TONES.includes(of(options.colors, one.id)) ? placeOf(of(options.colors, one.id)) : at,
    };
  });
  return html`<${ChartView} ...${props} variables=${variables.slice(0, MOST)} looks=${looks} />`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange, variables }) {
  /** @param {string} name @param {string} id @param {any} value */
  const put = (name, id, value) => onChange({ [name]: { ...(options[name] ?? {}), [id]: value } });
  return variables.map(
    (one) =>
      html`<fieldset class="w-list-field" key=${one.id}>
        <legend>${one.name}</legend>
        <div class="w-set-row">
          <${Field}
            label=${t.axis}
            type="select"
            value=${of(options.axes, one.id) === 'right' ? 'right' : 'left'}
            onInput=${(/** @type {string} */ side) => put('axes', one.id, side)}
            options=${[
              { value: 'left', label: t.left },
              { value: 'right', label: t.right },
            ]}
          />
          <${Field}
            label=${t.shape}
            type="select"
            value=${of(options.shapes, one.id) ?? 'line'}
            onInput=${(/** @type {string} */ shape) => put('shapes', one.id, shape)}
            options=${['line', 'area', 'points', 'bars'].map((value) => ({ value, label: t[/** @type {'area'} */ (value)] }))}
          />
          <${Field}
            label=${t.format}
            type="select"
            value=${String(digits(of(options.format, one.id)) ?? '')}
            onInput=${(/** @type {string} */ text) => put('format', one.id, text === '' ? null : Number(text))}
            options=${[{ value: '', label: t.auto }, ...[0, 1, 2, 3, 4].map((each) => ({ value: String(each), label: String(each) }))]}
          />
        </div>
      </fieldset>`,
  );
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Advanced Chart',
  label: words.kinds.advancedChart,
  icon: 'chart-line',
  fits: reads('int', 'float', 'bool'),
  rank: (variables) => (variables.length > 1 ? 10 : 2),
  count: [1, MOST],
  size: { w: 8, h: 6, minW: 3, minH: 3 },
  phone: { w: 2, h: 5 },
  defaults: () => ({}),
  ranged: true,
  View,
  Settings,
};
