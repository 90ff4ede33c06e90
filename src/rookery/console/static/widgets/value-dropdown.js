import { html } from '../html.js';
import words from '../strings/widgets.js';
import { Icon } from '../ui/index.js';
import { choicesOf, firstChoices } from './lib/choices.js';
import { writes } from './lib/fits.js';
import { NoValue } from './lib/parts.js';
import { ChoiceFields } from './lib/settings.js';
import { family, formatValue } from './types.js';

const t = words.choice;

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const choices = choicesOf(options, bound.type);
  const value = bound.shown.value;
  const unset = value === null || value === undefined;
  if (!choices.length) return html`<div class="w-middle"><${NoValue} text=${t.none} /></div>`;
  const at = choices.findIndex((one) => one.value === value);
  return html`<div class="w-dropdown w-middle">
    <span class="select w-dropdown-box">
      <select
        class="input"
        aria-label=${widget.name || bound.name}
        disabled=${!bound.writable}
        onChange=${(/** @type {any} */ event) => event.currentTarget.value !== '' && bound.write(choices[Number(event.currentTarget.value)].value)}
      >
        ${at < 0 && html`<option value="" selected disabled>${unset ? words.noValue : t.other(formatValue(value, bound.type))}</option>`}
        ${choices.map((one, place) => html`<option key=${place} value=${String(place)} selected=${place === at}>${one.label}</option>`)}
      </select>
      <${Icon} name="chevron-down" />
    </span>
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
export function Settings({ options, onChange, variables }) {
  return html`<${ChoiceFields}
    options=${options}
    onChange=${onChange}
    numeric=${family(variables[0]?.type ?? 'INT') !== 'string'}
  />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Value Dropdown',
  aliases: ['Dropdown', 'ValueDropdown'],
  label: words.kinds.valueDropdown,
  icon: 'chevron-down',
  fits: writes('int', 'float', 'string'),
  rank: () => 4,
  count: [1, 1],
  size: { w: 3, h: 2, minW: 2, minH: 2 },
  phone: { w: 2, h: 2 },
  defaults: (variables) => ({ values: firstChoices(variables[0]?.type) }),
  View,
  Settings,
};
