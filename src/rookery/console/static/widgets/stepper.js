import { html, useEffect, useRef, useState } from '../html.js';
import words from '../strings/widgets.js';
import { Icon } from '../ui/index.js';
import { limits, number, stepOf, tidy, writes } from './lib/fits.js';
import { instead, useDraft } from './lib/parts.js';
import { NumberFields, RangeFields } from './lib/settings.js';
import { family, formatValue, holds } from './types.js';

/** ms until a held button repeats, and between repetitions. */
const HOLD = 450;
const AGAIN = 90;
/** ms of rest after which a value is written: longer than what begins to repeat, so that a held button writes once. */
const REST = 600;

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const low = number(options.min, -Infinity);
  const high = number(options.max, Infinity);
  const step = stepOf(options, bound.type, Number.isFinite(high - low) ? limits(options) : [0, 100]);
  const draft = useDraft(bound, REST);
  const [typed, setTyped] = useState(/** @type {string|null} */ (null));
  const held = useRef(/** @type {any} */ (0));
  const latest = useRef(/** @type {any} */ (null));
  latest.current = draft.value;
  const stop = () => clearTimeout(held.current);
  useEffect(() => stop, []);
  const value = draft.value;
  if (!holds(value, 'float')) return instead(bound, value, 'float');
  const unset = value === null || value === undefined;
  /** @param {number} next */
  const clean = (next) =>
    Math.min(Math.max(tidy(family(bound.type) === 'int' ? Math.round(next) : next, step), low), high);
  /** @param {number} direction */
  const go = (direction) => {
    const before = latest.current;
    const from = typeof before === 'number' ? before : number(options.min, 0) - (direction > 0 ? step : 0);
    latest.current = clean(from + direction * step);
    // At the end of the range there is nothing more to do: the button is disabled and would not tell when it is let go.
    if (latest.current === before) return stop();
    draft.change(latest.current, true);
  };
  /** @param {number} direction */
  const hold = (direction) => {
    const again = () => {
      held.current = setTimeout(again, AGAIN);
      go(direction);
    };
    held.current = setTimeout(again, HOLD);
    go(direction);
    addEventListener('pointerup', stop, { once: true });
  };
  const unit = options.unit ?? bound.unit;
  const text = unset ? '–' : formatValue(value, bound.type, { unit, decimals: options.decimals });
  const take = () => {
    const wanted = typed === null || typed.trim() === '' ? NaN : Number(typed.replace(',', '.'));
    setTyped(null);
    if (Number.isFinite(wanted) && wanted !== value) draft.commit(clean(wanted));
  };
  const name = widget.name || bound.name;
  /** @param {number} direction @param {string} icon @param {string} label @param {boolean} end */
  const button = (direction, icon, label, end) =>
    html`<button
      type="button"
      class="w-stepper-button"
      aria-label=${`${label}: ${name}`}
      title=${label}
      disabled=${!bound.writable || end}
      onPointerDown=${(/** @type {PointerEvent} */ event) => event.button === 0 && hold(direction)}
      onPointerUp=${stop}
      onPointerLeave=${stop}
      onPointerCancel=${stop}
      onClick=${(/** @type {MouseEvent} */ event) => event.detail === 0 && go(direction)}
    >
      <${Icon} name=${icon} size=${20} />
    </button>`;
  return html`<div class="w-stepper">
    ${button(-1, 'minus', words.stepper.less, !unset && value <= low)}
    <input
      class="w-stepper-value"
      inputmode="decimal"
      aria-label=${name}
      disabled=${!bound.writable}
      value=${typed ?? text}
      title=${unset ? words.noValue : undefined}
      onFocus=${(/** @type {FocusEvent} */ event) => {
        setTyped(unset ? '' : String(value));
        const input = /** @type {HTMLInputElement} */ (event.currentTarget);
        requestAnimationFrame(() => input.select());
      }}
      onInput=${(/** @type {Event} */ event) => setTyped(/** @type {HTMLInputElement} */ (event.currentTarget).value)}
      onBlur=${take}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Enter') /** @type {HTMLElement} */ (event.currentTarget).blur();
        else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
          event.preventDefault();
          setTyped(null);
          go(event.key === 'ArrowUp' ? 1 : -1);
        }
      }}
    />
    ${button(1, 'plus', words.stepper.more, !unset && value >= high)}
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange, variables }) {
  return html`<${RangeFields} options=${options} onChange=${onChange} step optional />
    <${NumberFields} options=${options} onChange=${onChange} variables=${variables} />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Stepper',
  label: words.kinds.stepper,
  icon: 'diff',
  fits: writes('int', 'float'),
  rank: (variables) => (family(variables[0].type) === 'int' ? 8 : 6),
  count: [1, 1],
  size: { w: 3, h: 2, minW: 2, minH: 2 },
  phone: { w: 1, h: 2 },
  defaults: () => ({ step: 1 }),
  View,
  Settings,
};
