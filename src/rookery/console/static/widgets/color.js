import { html, useState } from '../html.js';
import words from '../strings/widgets.js';
import { writes } from './lib/fits.js';
import { hexOf, hsbOf } from './lib/colour.js';
import { instead, useDraft } from './lib/parts.js';
import { Range } from './lib/range.js';
import { sayColour, Wheel } from './lib/wheel.js';
import { holds } from './types.js';

const NONE = { hue: 0, sat: 0, bri: 100 };

/** The code of a colour, which can be typed and pasted. @param {{colour: import('./lib/colour.js').Hsb, unset: boolean, disabled: boolean, onChange: (colour: import('./lib/colour.js').Hsb) => void}} props */
export function HexField({ colour, unset, disabled, onChange }) {
  const [typed, setTyped] = useState(/** @type {string|null} */ (null));
  const hex = hexOf(colour);
  const take = () => {
    const found = typed === null ? null : hsbOf(typed);
    setTyped(null);
    if (found && hexOf(found) !== hex) onChange(found);
  };
  return html`<span class="w-hex">
    <span class="w-hex-swatch" style=${{ background: unset ? 'transparent' : hex }}></span>
    <input
      class="w-hex-input mono"
      aria-label=${words.colour.hex}
      maxlength="7"
      spellcheck=${false}
      disabled=${disabled}
      aria-invalid=${typed !== null && !hsbOf(typed)}
      value=${typed ?? (unset ? '' : hex)}
      placeholder="#rrggbb"
      onInput=${(/** @type {Event} */ event) => setTyped(/** @type {HTMLInputElement} */ (event.currentTarget).value)}
      onBlur=${take}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && take()}
    />
  </span>`;
}

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const draft = useDraft(bound);
  const unset = draft.value === null || draft.value === undefined;
  if (!unset && !holds(draft.value, 'color'))
    return html`<div class="w-middle">${instead(bound, draft.value, 'color')}</div>`;
  const colour = { ...NONE, ...draft.value };
  const { hue, sat, bri } = colour;
  const name = widget.name || bound.name;
  return html`<div class="w-color">
    <${Wheel}
      colour=${colour}
      label=${`${name}: ${words.colour.wheel}`}
      disabled=${!bound.writable}
      unset=${unset}
      onInput=${(/** @type {any} */ part, /** @type {boolean} */ soon) => draft.change({ ...colour, ...part }, soon)}
      onChange=${(/** @type {any} */ part) => draft.commit({ ...colour, ...part })}
    />
    <div class="w-color-side">
      <${Range}
        value=${bri}
        min=${0}
        max=${100}
        step=${1}
        label=${`${name}: ${words.colour.brightness}`}
        says=${words.percent(String(Math.round(bri)))}
        disabled=${!bound.writable}
        unset=${unset}
        track=${`linear-gradient(to right, #000, ${hexOf({ hue, sat, bri: 100 })})`}
        onInput=${(/** @type {number} */ next) => draft.change({ hue, sat, bri: next })}
        onChange=${(/** @type {number} */ next) => draft.commit({ hue, sat, bri: next })}
      />
      <${HexField} colour=${colour} unset=${unset} disabled=${!bound.writable} onChange=${draft.commit} />
      ${options.showLabels && html`<span class="w-color-says">${unset ? words.noValue : sayColour(colour).split(',')[0]}</span>`}
    </div>
  </div>`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Color',
  aliases: ['Colour', 'Color Picker'],
  label: words.kinds.color,
  icon: 'palette',
  fits: writes('color'),
  rank: () => 10,
  count: [1, 1],
  size: { w: 3, h: 4, minW: 2, minH: 3 },
  phone: { w: 2, h: 4 },
  defaults: () => ({ showLabels: true }),
  View,
};
