/** Lights: a bulb to press, and what shines out of it to set. */
import { html } from '../../html.js';
import words from '../../strings/widgets.js';
import { Icon } from '../../ui/index.js';
import { HexField } from '../color.js';
import { hexOf } from './colour.js';
import { instead, useDraft } from './parts.js';
import { Range } from './range.js';
import { Wheel } from './wheel.js';
import { holds } from '../types.js';

/** What a lamp without a colour of its own looks like. */
const WARM = { hue: 42, sat: 60 };
const FIRST = { swi: false, hue: 0, sat: 0, bri: 100 };

/** @param {import('./contract.js').ViewProps & {coloured: boolean}} props */
export function LightView({ widget, variables: [bound], coloured }) {
  const draft = useDraft(bound);
  const unset = draft.value === null || draft.value === undefined;
  const family = coloured ? 'colored' : 'dimmed';
  if (!unset && !holds(draft.value, family))
    return html`<div class="w-middle">${instead(bound, draft.value, family)}</div>`;
  const { swi, bri, hue, sat } = { ...FIRST, ...draft.value };
  /** The whole value with a part changed; components of others stay. @param {any} part */
  const next = (part) => ({ ...(unset ? (coloured ? FIRST : { swi: false, bri: 100 }) : draft.value), ...part });
  const shine = coloured ? { hue, sat, bri: 100 } : { ...WARM, bri: 100 };
  const name = widget.name || bound.name;
  const off = !bound.writable;
  const text = unset ? words.noValue : swi ? words.percent(String(Math.round(bri))) : words.states.off;
  return html`<div
    class=${`w-light ${coloured ? 'has-wheel' : ''} ${swi ? 'is-on' : ''}`}
    style=${{ '--shine': hexOf(shine), '--level': String(0.25 + (bri / 100) * 0.75) }}
  >
    <div class="w-light-top">
      <button
        type="button"
        role="switch"
        class="w-light-bulb"
        aria-checked=${swi}
        aria-label=${`${name}: ${words.light.switch}`}
        disabled=${off}
        onClick=${() => draft.commit(next({ swi: !swi }))}
      >
        <${Icon} name="lightbulb" size=${28} />
      </button>
      <output class=${`w-light-text ${unset ? 'is-unset' : ''}`}>${text}</output>
    </div>
    ${
      coloured &&
      html`<${Wheel}
        colour=${{ hue, sat, bri }}
        label=${`${name}: ${words.colour.wheel}`}
        disabled=${off}
        unset=${unset}
        onInput=${(/** @type {any} */ part, /** @type {boolean} */ soon) => draft.change(next(part), soon)}
        onChange=${(/** @type {any} */ part) => draft.commit(next(part))}
      />`
    }
    <div class="w-light-side">
      <${Range}
        value=${bri}
        min=${0}
        max=${100}
        step=${1}
        label=${`${name}: ${words.colour.brightness}`}
        says=${words.percent(String(Math.round(bri)))}
        disabled=${off}
        unset=${unset}
        track=${`linear-gradient(to right, color-mix(in srgb, ${hexOf(shine)} 12%, var(--surface)), ${hexOf(shine)})`}
        onInput=${(/** @type {number} */ level) => draft.change(next({ bri: level }))}
        onChange=${(/** @type {number} */ level) => draft.commit(next({ bri: level }))}
      />
      ${coloured && html`<${HexField} colour=${{ hue, sat, bri }} unset=${unset} disabled=${off} onChange=${(/** @type {any} */ colour) => draft.commit(next(colour))} />`}
    </div>
  </div>`;
}
