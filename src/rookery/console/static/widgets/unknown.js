import { html } from '../html.js';
import words from '../strings/widgets.js';
import { formatValue } from './types.js';

/**
 * A kind that this console does not draw, as it came from somebody's file: what it is bound to is shown as text, and all
 * of its options stay as they are.
 * @param {string} kind
 * @returns {import('./lib/contract.js').Kind}
 */
export function unknown(kind) {
  return {
    kind,
    label: kind,
    icon: 'circle-help',
    fits: () => true,
    count: [0, 100],
    size: { w: 3, h: 3, minW: 1, minH: 1 },
    unknown: true,
    defaults: () => ({}),
    View: ({ variables }) =>
      html`<div class="w-unknown w-middle" tabindex="0" role="group" aria-label=${kind}>
        <p class="w-none">${words.unknown.line(kind)}</p>
        <dl>
          ${variables.map(
            (one) =>
              html`<div key=${one.id}>
                <dt>${one.name}</dt>
                <dd>${formatValue(one.shown.value, one.type, { unit: one.unit, none: words.noValue })}</dd>
              </div>`,
          )}
        </dl>
      </div>`,
  };
}
