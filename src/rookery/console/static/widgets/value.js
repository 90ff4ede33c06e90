import { html, useState } from '../html.js';
import words from '../strings/widgets.js';
import { IconButton } from '../ui/index.js';
import { reads } from './lib/fits.js';
import { NoValue } from './lib/parts.js';
import { NumberFields } from './lib/settings.js';
import { family, formatNumber, formatValue, isNumeric, unitOf } from './types.js';

/** Characters of a value that is one line; longer ones are text to be read. */
const LINE = 32;

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const [typed, setTyped] = useState(/** @type {string|null} */ (null));
  const value = bound.shown.value;
  const kind = family(bound.type);
  const numeric = isNumeric(bound.type);
  const settable = bound.writable && (numeric || kind === 'string');
  if (typed !== null) {
    const wanted = numeric ? Number(typed.replace(',', '.')) : typed;
    const fits =
      !numeric || (typed.trim() !== '' && Number.isFinite(wanted) && (kind !== 'int' || Number.isInteger(wanted)));
    return html`<form
      class="w-value w-value-edit w-middle"
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        if (!fits) return;
        setTyped(null);
        bound.write(wanted);
      }}
    >
      <input
        class="input"
        aria-label=${`${words.value.input}: ${widget.name || bound.name}`}
        inputmode=${numeric ? 'decimal' : undefined}
        aria-invalid=${!fits}
        value=${typed}
        maxlength="10000"
        ref=${(/** @type {HTMLInputElement|null} */ input) => input && document.activeElement !== input && input.focus()}
        onInput=${(/** @type {Event} */ event) => setTyped(/** @type {HTMLInputElement} */ (event.currentTarget).value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && (event.stopPropagation(), setTyped(null))}
      />
      <${IconButton}
        icon="check"
        label=${words.set}
        small
        disabled=${!fits}
        onClick=${(/** @type {MouseEvent} */ event) => /** @type {HTMLButtonElement} */ (event.currentTarget).form?.requestSubmit()}
      />
      <${IconButton} icon="x" label=${words.cancel} small onClick=${() => setTyped(null)} />
    </form>`;
  }
  const unset = value === null || value === undefined;
  const number = typeof value === 'number' && kind !== 'time';
  const unit = options.unit ?? bound.unit ?? unitOf(bound.type);
  const text = unset
    ? ''
    : number
      ? formatNumber(value, options.decimals)
      : formatValue(value, bound.type, { on: options.labelOn, off: options.labelOff });
  return html`<div
    class=${`w-value w-middle ${text.length > LINE ? 'is-text' : ''}`}
    style=${{ '--chars': String(Math.max(text.length + (number && unit ? unit.length / 2 + 1 : 0), 5)) }}
  >
    ${
      unset
        ? html`<${NoValue} />`
        : html`<span class="w-value-text" tabindex=${text.length > LINE ? 0 : undefined}
            ><b>${text}</b>${number && unit ? html`<span class="w-value-unit">${unit}</span>` : null}</span
          >`
    }
    ${settable && html`<span class="w-value-pen"><${IconButton} icon="pencil" label=${words.value.edit} small onClick=${() => setTyped(unset ? '' : String(value))} /></span>`}
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange, variables }) {
  return variables.some((one) => isNumeric(one.type))
    ? html`<${NumberFields} options=${options} onChange=${onChange} variables=${variables} />`
    : null;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Value',
  label: words.kinds.value,
  icon: 'hash',
  fits: reads(
    'int',
    'float',
    'string',
    'bool',
    'time',
    'location',
    'color',
    'dimmed',
    'colored',
    'television',
    'object',
  ),
  rank: (variables) => (['float', 'int', 'string'].includes(family(variables[0].type)) ? 9 : 3),
  count: [1, 1],
  size: { w: 2, h: 2, minW: 1, minH: 1 },
  phone: { w: 1, h: 2 },
  defaults: () => ({}),
  View,
  Settings,
};
