import { html, useId } from '../html.js';
import words from '../strings/widgets.js';
import { choicesOf, firstChoices } from './lib/choices.js';
import { writes } from './lib/fits.js';
import { NoValue } from './lib/parts.js';
import { formatValue } from './types.js';
import { Settings } from './value-dropdown.js';

const t = words.choice;

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const name = useId();
  const choices = choicesOf(options, bound.type);
  const value = bound.shown.value;
  if (!choices.length) return html`<div class="w-middle"><${NoValue} text=${t.none} /></div>`;
  const unset = value === null || value === undefined;
  const known = choices.some((one) => one.value === value);
  return html`<div class="w-selector w-middle">
    <fieldset class="w-selector-row" disabled=${!bound.writable}>
      <legend class="hidden">${widget.name || bound.name}</legend>
      ${choices.map((one, at) => html`<label class="w-segment" key=${at}><input type="radio" name=${name} checked=${one.value === value} onChange=${() => bound.write(one.value)} /><span>${one.label}</span></label>`)}
    </fieldset>
    ${!known && html`<span class="w-caption">${unset ? words.noValue : t.other(formatValue(value, bound.type))}</span>`}
  </div>`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Value Selector',
  aliases: ['Selector', 'ValueSelector'],
  label: words.kinds.valueSelector,
  icon: 'list',
  fits: writes('int', 'float', 'string'),
  rank: () => 4,
  count: [1, 1],
  size: { w: 3, h: 2, minW: 2, minH: 2 },
  phone: { w: 2, h: 2 },
  defaults: (variables) => ({ values: firstChoices(variables[0]?.type) }),
  View,
  Settings,
};
