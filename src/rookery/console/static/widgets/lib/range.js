/** A slider of the browser, so that touch, keys and screen readers are at home, drawn our way. */
import { html } from '../../html.js';

/**
 * @param {object} props
 * @param {number} props.value
 * @param {number} props.min
 * @param {number} props.max
 * @param {number} props.step
 * @param {string} props.label
 * @param {string} [props.says] the value as a screen reader says it
 * @param {boolean} [props.disabled]
 * @param {string} [props.track] CSS background of the track instead of the filled part
 * @param {string} [props.tone] CSS colour of the filled part
 * @param {boolean} [props.unset] there is no value yet
 * @param {(value: number) => void} props.onInput while it moves
 * @param {(value: number) => void} props.onChange when it is let go
 */
export function Range({ value, min, max, step, label, says, disabled, track, tone, unset, onInput, onChange }) {
  const part = Math.min(Math.max((value - min) / (max - min), 0), 1);
  /** @param {Event} event */
  const read = (event) => Number(/** @type {HTMLInputElement} */ (event.currentTarget).value);
  return html`<input
    type="range"
    class=${`w-range ${unset ? 'is-unset' : ''} ${track ? 'has-track' : ''}`}
    min=${min}
    max=${max}
    step=${step}
    value=${value}
    aria-label=${label}
    aria-valuetext=${says}
    disabled=${disabled}
    style=${{ '--part': `${part * 100}%`, ...(track ? { '--track': track } : {}), ...(tone ? { '--tone': tone } : {}) }}
    onInput=${(/** @type {Event} */ event) => onInput(read(event))}
    onChange=${(/** @type {Event} */ event) => onChange(read(event))}
  />`;
}
