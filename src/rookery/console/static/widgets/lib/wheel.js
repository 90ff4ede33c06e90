/**
 * Hue around, saturation from the middle outwards. With the pointer it is dragged; with the keyboard left and right turn
 * the hue, up and down change the saturation (with Shift in big steps).
 */
import { html, useRef } from '../../html.js';
import words from '../../strings/widgets.js';
import { clamp, hexOf, wordsOf } from './colour.js';

/** @typedef {import('./colour.js').Hsb} Hsb */

const KEYS = /** @type {Record<string, [number, number]>} */ ({
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
});

/** A colour as a sentence: "pale blue, 210°, 40%". @param {Hsb} colour */
export function sayColour(colour) {
  const { hue, tone } = wordsOf(colour);
  return words.colour.say(
    words.colour.tones[tone](words.colour.hues[hue]),
    Math.round(colour.hue),
    Math.round(colour.sat),
    Math.round(colour.bri),
  );
}

/**
 * @param {object} props
 * @param {Hsb} props.colour
 * @param {string} props.label
 * @param {boolean} [props.disabled]
 * @param {boolean} [props.unset]
 * @param {(part: {hue: number, sat: number}, soon?: boolean) => void} props.onInput while it moves; `soon`: it is written when the keys rest
 * @param {(part: {hue: number, sat: number}) => void} props.onChange when it is let go
 */
export function Wheel({ colour, label, disabled, unset, onInput, onChange }) {
  const disc = useRef(/** @type {HTMLDivElement|null} */ (null));
  /** @param {PointerEvent} event */
  const at = (event) => {
    const box = /** @type {HTMLDivElement} */ (disc.current).getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    const hue = (Math.round((Math.atan2(x, -y) * 180) / Math.PI) + 360) % 360;
    return { hue, sat: Math.round(clamp((Math.hypot(x, y) / (box.width / 2)) * 100, 0, 100)) };
  };
  /** @param {PointerEvent} event */
  const down = (event) => {
    if (disabled || event.button !== 0) return;
    disc.current?.setPointerCapture(event.pointerId);
    onInput(at(event));
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    if (disc.current?.hasPointerCapture(event.pointerId)) onInput(at(event));
  };
  /** @param {PointerEvent} event */
  const up = (event) => {
    if (!disc.current?.hasPointerCapture(event.pointerId)) return;
    disc.current.releasePointerCapture(event.pointerId);
    onChange(at(event));
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    const turn = KEYS[event.key];
    if (!turn || disabled) return;
    event.preventDefault();
    const by = event.shiftKey ? 15 : 1;
    onInput(
      {
        hue: (Math.round(colour.hue) + turn[0] * by + 360) % 360,
        sat: clamp(Math.round(colour.sat) + turn[1] * by, 0, 100),
      },
      true,
    );
  };
  const angle = (colour.hue * Math.PI) / 180;
  const far = clamp(colour.sat, 0, 100) / 2;
  return html`<div
    class=${`w-wheel ${unset ? 'is-unset' : ''} ${disabled ? 'is-disabled' : ''}`}
    ref=${disc}
    onPointerDown=${down}
    onPointerMove=${move}
    onPointerUp=${up}
    onPointerCancel=${up}
  >
    <span
      class="w-wheel-thumb"
      role="slider"
      tabindex=${disabled ? -1 : 0}
      aria-label=${label}
      aria-valuemin="0"
      aria-valuemax="360"
      aria-valuenow=${Math.round(colour.hue)}
      aria-valuetext=${sayColour(colour)}
      aria-disabled=${disabled ? 'true' : undefined}
      onKeyDown=${key}
      style=${{ left: `${50 + far * Math.sin(angle)}%`, top: `${50 - far * Math.cos(angle)}%`, background: hexOf({ ...colour, bri: 100 }) }}
    ></span>
  </div>`;
}
