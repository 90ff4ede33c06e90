import { html } from '../html.js';
import words from '../strings/widgets.js';
import { writes } from './lib/fits.js';
import { LightView } from './lib/light.js';

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Colored Light',
  aliases: ['Coloured Light'],
  label: words.kinds.coloredLight,
  icon: 'lightbulb',
  fits: writes('colored'),
  rank: () => 10,
  count: [1, 1],
  size: { w: 3, h: 4, minW: 2, minH: 3 },
  phone: { w: 2, h: 4 },
  defaults: () => ({}),
  View: (props) => html`<${LightView} ...${props} coloured=${true} />`,
};
