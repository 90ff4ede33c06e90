/** What many kinds draw alike. */
import { html, useCallback, useEffect, useRef, useState } from '../../html.js';
import words from '../../strings/widgets.js';
import { family, formatValue, holds } from '../types.js';

/** @typedef {import('./contract.js').Bound} Bound */

/** Nothing has been sent yet. @param {{text?: string}} props */
export const NoValue = ({ text = words.noValue }) => html`<p class="w-none">${text}</p>`;

/** What came is no value of this widget's type: it is shown as it is. @param {{value: any, bound: Bound}} props */
export const WrongType = ({ value, bound }) =>
  html`<div class="w-wrong" role="note">
    <b class="w-wrong-value">${formatValue(value, bound.type, { unit: bound.unit })}</b>
    <span class="w-wrong-text">${words.wrongType(words.families[family(bound.type)] ?? bound.type)}</span>
  </div>`;

/**
 * What to draw instead of a value, null when there is one that fits.
 * @param {Bound} bound
 * @param {any} value
 * @param {import('../types.js').Family} [kind]
 */
export function instead(bound, value, kind = family(bound.type)) {
  if (value === null || value === undefined) return html`<${NoValue} />`;
  return holds(value, kind) ? null : html`<${WrongType} value=${value} bound=${bound} />`;
}

/**
 * A value under somebody's hand: what is dragged or typed shows at once, and is written when the hand rests or lets go.
 * @param {Bound} bound
 * @param {number} [rest] ms
 */
export function useDraft(bound, rest = 300) {
  const [draft, setDraft] = useState(/** @type {any} */ (undefined));
  const timer = useRef(/** @type {any} */ (undefined));
  const now = useRef(/** @type {any} */ (undefined));
  const write = useRef(bound.write);
  write.current = bound.write;
  const commit = useCallback((/** @type {any} */ value) => {
    clearTimeout(timer.current);
    timer.current = undefined;
    now.current = undefined;
    setDraft(undefined);
    write.current(value);
  }, []);
  const change = useCallback((/** @type {any} */ value, /** @type {boolean} */ soon = false) => {
    now.current = value;
    setDraft(() => value);
    clearTimeout(timer.current);
    timer.current = soon ? setTimeout(() => commit(value), rest) : undefined;
  }, []);
  const drop = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    now.current = undefined;
    setDraft(undefined);
  }, []);
  useEffect(
    () => () => {
      if (timer.current === undefined) return;
      clearTimeout(timer.current);
      write.current(now.current);
    },
    [],
  );
  return { value: draft === undefined ? bound.shown.value : draft, held: draft !== undefined, change, commit, drop };
}

const BUSY = 1_000;

/**
 * Whether a value changes so often that an animation between values would never end: '' or a class that has none.
 * @param {any} value
 */
export function useBusy(value) {
  const before = useRef({ value, at: 0, busy: false });
  if (before.current.value !== value) {
    const at = performance.now();
    before.current = { value, at, busy: at - before.current.at < BUSY };
  }
  return before.current.busy ? 'is-busy' : '';
}
