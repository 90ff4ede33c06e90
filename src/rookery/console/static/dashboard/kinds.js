/** What the layout has to know of a kind of widget, in the units of the wire; and the bounds a widget needs. */
import { fitting, kindOf } from '../widgets/registry.js';
import { PHONE } from './geometry.js';
import { isSource } from './sources.js';

/** @typedef {import('./document.js').Widget} Widget */
/** @typedef {import('./bound.js').Bound} Bound */
/** @typedef {import('./bound.js').Binder} Binder */
/** @typedef {ReturnType<typeof import('./sources.js').createSources>} Sources */

/** Columns of people are two units wide. */
const UNITS = 2;

/** @type {import('./document.js').SizeOf} */
export function sizeOf(type) {
  const { size } = kindOf(type);
  return { w: size.w * UNITS, h: size.h, minW: (size.minW ?? 1) * UNITS, minH: size.minH ?? 1 };
}

/** @param {string} type @returns {{w: 1|2, h: number}|undefined} */
export const phoneSizeOf = (type) => /** @type {any} */ (kindOf(type)).phone;

/** The least size of a box on a phone: any kind may be half a screen wide. */
export const phoneLeast = () => ({ minW: PHONE.step, minH: 1 });

/**
 * The variables of a widget as it sees them: those it is linked to, or what it takes from a board.
 * @param {Widget} widget @param {{binder: Binder, sources: Sources}} from @returns {Bound[]}
 */
export function boundsOf(widget, { binder, sources }) {
  const options = { readOnly: widget.options['readOnly'] === true };
  const bounds = widget.variables.map((linked) => binder.bind(linked, options));
  const source = widget.options['source'];
  if (isSource(source)) bounds.push(sources.bind(source, options));
  return bounds;
}

/** @param {import('../widgets/registry.js').Kind} kind @param {any[]} variables @param {Record<string, any>} options */
export function mergedOptions(kind, variables, options) {
  const defaults = typeof kind.defaults === 'function' ? kind.defaults(variables) : kind.defaults;
  return { ...defaults, ...options };
}

/** The title of a widget: its own, else of what it shows, else its kind. @param {Widget} widget */
export function titleOf(widget) {
  return widget.name || widget.variables[0]?.name || widget.options['source']?.name || kindOf(widget.type).label;
}

/** The kinds that suit, the present one first where it does. @param {any[]} variables @param {string} [now] */
export function offered(variables, now) {
  const kinds = fitting(variables);
  return now ? [...kinds].sort((a, b) => Number(b.kind === now) - Number(a.kind === now)) : kinds;
}
