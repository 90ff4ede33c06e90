import { html } from '../html.js';
import words from '../strings/widgets.js';
import { writes } from './lib/fits.js';
import { LightView } from './lib/light.js';

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Dimmed Light',
  aliases: ['Dimmed Light Widget'],
  label: words.kinds.dimmedLight,
  icon: 'lightbulb',
  fits: writes('dimmed'),
  rank: () => 10,
  count: [1, 1],
  size: { w: 3, h: 2, minW: 2, minH: 2 },
  phone: { w: 2, h: 2 },
  defaults: () => ({}),
  View: (props) => html`<${LightView} ...${props} coloured=${false} />`,
};
