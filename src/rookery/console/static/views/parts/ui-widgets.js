/** Every kind of widget in every state, in tiles as on a dashboard: to be looked at. */
import { html, signal, useMemo } from '../../html.js';
import { style } from '../../style.js';
import { Tile } from '../../dashboard/frame.js';
import { sampleBound } from '../../widgets/lib/sample.js';
import { kindOf } from '../../widgets/registry.js';
import t from '../../strings/patterns-widgets.js';

await Promise.all([style('dashboard'), style('ui-widgets')]);

const COLUMN = 96;
const GAP = 12;
const ROW = 56;
const to = Date.now();
const range = signal({ name: '6h', from: to - 6 * 3_600_000, to, live: false });
const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwCAIAAAAuKetIAAAAc0lEQVR42u3YMQqAMAxA0Z7T2Rt4Vyen0sGhh7AgCLpHSHnwh27pI1tKPVtQy7r1tkdXJgGMYen6AnJtAAAAAAAAAAAAAAAAAAAAAAAAAGBWwFH7DxfSWEBc48P3AwAAAAAAAAAAYApAul6AiEI38JQecAEGUXnq2mq7HgAAAABJRU5ErkJggg==';
const NOTE = `### Watering\nRuns at **seven**, for *ten minutes*.\n\n- [x] Valve checked\n- [ ] Filter cleaned\n\n| Bed | Minutes |\n|---|--:|\n| Tomatoes | 12 |\n| Herbs | 6 |\n\nSee [the house rules](https://example.org), never <b onclick="x()">this</b>.\n\n\`valve.open(2)\`\n\n> Rain counts as water.`;
const CHAT = /** @type {[number, any, boolean?][]} */ ([
  [to - 900_000, 'Started, 23 sensors found.', true],
  [to - 600_000, 'status', false],
  [to - 598_000, 'Tank 82 %, pump idle, next watering at 19:00.', true],
  [to - 90_000, 'water bed 2', false],
  [to - 80_000, 'Watering bed 2 for six minutes.', true],
]);
const CHOICES = [
  { value: 0, label: 'Off' },
  { value: 1, label: 'Eco' },
  { value: 2, label: 'Comfort' },
];
const CENTIGRADE = [
  { value: 0, color: 'series-5' },
  { value: 18, color: 'moss' },
  { value: 26, color: 'amber' },
  { value: 32, color: 'rose' },
];
const sent = { since: to, state: /** @type {const} */ ('sending') };

/** @typedef {ReturnType<typeof sampleBound>} Sample */
/** @typedef {{w?: number, h?: number, options?: any, name?: string, bounds: Sample[]}} Case */
/** Kind, the type it is at home with, a value that does not fit, and more states worth seeing. @type {[string, string, any, Case[]][]} */
const KINDS = [
  [
    'Switch',
    'STATUS',
    3,
    [{ bounds: [sampleBound('STATUS', { value: false })], options: { labelOff: 'Closed', labelOn: 'Open' } }],
  ],
  [
    'Push Button',
    'STATUS',
    3,
    [
      {
        bounds: [sampleBound('STATUS', { value: false })],
        options: { text: 'Open the gate', icon: 'lock-open' },
        w: 3,
      },
    ],
  ],
  ['Slider', 'PERCENTAGE', 'abc', [{ bounds: [sampleBound('FLOAT', { value: 0.35 })], options: { min: 0, max: 1 } }]],
  [
    'Stepper',
    'INT',
    'abc',
    [{ bounds: [sampleBound('TEMPERATURE', { value: 21.5 })], options: { step: 0.5, min: 5, max: 30 } }],
  ],
  [
    'Value',
    'TEMPERATURE',
    { odd: true },
    [
      { bounds: [sampleBound('PRESSURE')] },
      { bounds: [sampleBound('CHARSTRING', { value: 'Ready' })] },
      {
        bounds: [
          sampleBound('CHARSTRING', {
            value:
              'The pump in the cellar has been running for more than six hours; somebody should go and see why it does not stop.',
          }),
        ],
        w: 3,
      },
      { bounds: [sampleBound('LOCATION')], w: 3 },
      { bounds: [sampleBound('FLOAT', { value: -12345.678 })] },
    ],
  ],
  [
    'Status',
    'HOME_CONTACT_SENSOR',
    3,
    [{ bounds: [sampleBound('STATUS', { value: false })], options: { labelOff: 'Door open', iconOff: 'door-open' } }],
  ],
  [
    'Gauge',
    'TEMPERATURE',
    'abc',
    [
      { bounds: [sampleBound('TEMPERATURE', { value: 28.4 })], options: { min: -10, max: 40, thresholds: CENTIGRADE } },
      { bounds: [sampleBound('PRESSURE', { value: 101325.5 })], options: { min: 90000, max: 110000 }, w: 4, h: 4 },
    ],
  ],
  [
    'Percentage',
    'PERCENTAGE_RELATIVE_HUMIDITY',
    'abc',
    [
      {
        bounds: [sampleBound('PERCENTAGE', { value: 12 })],
        options: {
          icon: 'battery-medium',
          thresholds: [
            { value: 0, color: 'rose' },
            { value: 20, color: 'moss' },
          ],
        },
      },
    ],
  ],
  [
    'LED',
    'STATUS',
    3,
    [
      { bounds: [sampleBound('STATUS', { value: false })] },
      { bounds: [sampleBound('STATUS')], options: { mode: 'Color 6' } },
    ],
  ],
  [
    'Chart',
    'TEMPERATURE',
    'abc',
    [
      { bounds: [sampleBound('TEMPERATURE', { points: 'gaps' })] },
      { bounds: [sampleBound('TEMPERATURE', { points: 'band' })] },
      { bounds: [sampleBound('FLOAT', { points: 'none' })], w: 3, h: 3 },
      { bounds: [sampleBound('STATUS')], h: 3 },
    ],
  ],
  [
    'Advanced Chart',
    'FLOAT',
    'abc',
    [
      {
        bounds: [
          sampleBound('TEMPERATURE', { name: 'Greenhouse', value: 24 }),
          sampleBound('TEMPERATURE', { name: 'Outside', value: 11 }),
          sampleBound('PERCENTAGE', { name: 'Humidity', value: 58, points: 'gaps' }),
          sampleBound('STATUS', { name: 'Pump' }),
        ],
        options: { axes: { 'sample-Humidity-PERCENTAGE': 'right' } },
      },
    ],
  ],
  [
    'Map',
    'LOCATION',
    { lat: 'x' },
    [
      {
        bounds: [
          sampleBound('LOCATION', {
            name: 'Van',
            texts: Array.from({ length: 40 }, (_, at) => [
              to - (40 - at) * 60_000,
              { lat: 45.07 + Math.sin(at / 5) * 0.8 - (40 - at) * 0.02, lon: 7.68 + at * 0.03 - 1.2 },
              true,
            ]),
          }),
        ],
        options: { zoom: 7 },
        w: 6,
      },
    ],
  ],
  [
    'Color',
    'COLOR_HSB',
    'red',
    [{ bounds: [sampleBound('COLOR_HSB', { value: { hue: 210, sat: 70, bri: 90 } })], w: 5, h: 4 }],
  ],
  [
    'Dimmed Light',
    'HOME_DIMMED_LIGHT',
    true,
    [{ bounds: [sampleBound('HOME_DIMMED_LIGHT', { value: { swi: false, bri: 30 } })] }],
  ],
  [
    'Colored Light',
    'HOME_COLORED_LIGHT',
    true,
    [
      {
        bounds: [sampleBound('HOME_COLORED_LIGHT', { value: { swi: false, hue: 280, sat: 60, bri: 80 } })],
        w: 5,
        h: 4,
      },
    ],
  ],
  ['Time Picker', 'TIME', 'noon', []],
  [
    'Scheduler',
    'SCHEDULE',
    5,
    [{ bounds: [sampleBound('SCHEDULE', { value: { frm: 1767250800, to: 0, len: 600, msk: 0x44000014 } })] }],
  ],
  ['Messenger', 'CHARSTRING', 5, [{ bounds: [sampleBound('CHARSTRING', { texts: CHAT })] }]],
  ['Value Dropdown', 'INT', 'abc', [{ bounds: [sampleBound('INT', { value: 1 })], options: { values: CHOICES } }]],
  [
    'Value Selector',
    'INT',
    'abc',
    [
      { bounds: [sampleBound('INT', { value: 1 })], options: { values: CHOICES } },
      { bounds: [sampleBound('CHARSTRING', { value: 'low' })] },
    ],
  ],
  [
    'Image Map',
    'TEMPERATURE',
    null,
    [
      {
        bounds: [
          sampleBound('TEMPERATURE'),
          sampleBound('STATUS', { name: 'Pump' }),
          sampleBound('STATUS', { name: 'Fan', value: false }),
        ],
        options: { image: PICTURE },
      },
    ],
  ],
  ['Hologram', 'FLOAT', null, []],
];

/** What every kind is shown in. @param {string} kind @param {string} type @param {any} odd @param {Case[]} more @returns {Case[]} */
function casesOf(kind, type, odd, more) {
  const { size } = kindOf(kind);
  return [
    { name: t.plain, bounds: [sampleBound(type)] },
    ...more,
    { name: t.readOnly, bounds: [sampleBound(type, { writable: false })] },
    { name: t.none, bounds: [sampleBound(type, { value: null, points: 'none' })] },
    ...(odd === null ? [] : [{ name: t.odd, bounds: [sampleBound(type, { value: odd })] }]),
    { name: t.pending, bounds: [sampleBound(type, { pending: { ...sent, value: sampleBound(type).value.value } })] },
    {
      name: t.late,
      bounds: [sampleBound(type, { pending: { ...sent, state: 'unconfirmed', value: sampleBound(type).value.value } })],
    },
    { name: t.offline, bounds: [sampleBound(type, { state: 'offline' })] },
    { name: t.smallest, w: size.minW, h: size.minH, bounds: [sampleBound(type)] },
    { name: t.huge, w: 7, h: 6, bounds: [sampleBound(type)] },
  ];
}

/** All states of a kind. @param {{kind: string, type: string, odd: any, more: Case[]}} props */
function States({ kind, type, odd, more }) {
  const cases = useMemo(() => casesOf(kind, type, odd, more), [kind]);
  return html`<div class="ui-widget-row">
    ${cases.map((one, at) => html`<${Shown} key=${at} kind=${kind} one=${one} />`)}
  </div>`;
}

/** @param {{kind: string, one: Case}} props */
function Shown({ kind, one }) {
  const { size, label } = kindOf(kind);
  const [w, h] = [one.w ?? size.w, one.h ?? size.h];
  const variables = one.bounds.map(({ id, name, type, permission }) => ({ id, name, type, permission }));
  const widget = /** @type {any} */ ({
    id: `${kind}-${one.name}`,
    type: kind,
    name: one.name ?? label,
    options: one.options ?? {},
    variables,
  });
  return html`<div class="ui-widget" style=${{ width: `${w * COLUMN - GAP}px`, height: `${h * (ROW + GAP) - GAP}px` }}>
    <${Tile} widget=${widget} bounds=${one.bounds} range=${range} setRange=${() => undefined} syncKey="gallery" />
  </div>`;
}

export default function Widgets() {
  const only = new URLSearchParams(location.search).get('kind');
  return html`<div class="ui-widgets">
    ${KINDS.filter(([kind]) => !only || only === kind).map(
      ([kind, type, odd, more]) =>
        html`<section key=${kind}>
          <h2>${kindOf(kind).label}</h2>
          <${States} kind=${kind} type=${type} odd=${odd} more=${more} />
        </section>`,
    )}
    ${
      !only || only === 'Sticky Note'
        ? html`<section>
            <h2>${kindOf('Sticky Note').label}</h2>
            <div class="ui-widget-row">
              ${['plain', 'amber', 'moss', 'rose', 'sky'].map((paper, at) => html`<${Shown} key=${paper} kind="Sticky Note" one=${{ name: '', bounds: [], w: 3, h: 5, options: { paper, text: at ? '**Remember** the milk' : NOTE } }} />`)}
            </div>
          </section>`
        : null
    }
    ${
      !only || only === 'Image'
        ? html`<section>
            <h2>${kindOf('Image').label}</h2>
            <div class="ui-widget-row">
              ${[{ image: PICTURE, fit: 'cover' }, { image: PICTURE }, {}, { image: 'data:image/png;base64,AAAA' }].map((options, at) => html`<${Shown} key=${at} kind="Image" one=${{ name: '', bounds: [], options }} />`)}
            </div>
          </section>`
        : null
    }
  </div>`;
}
