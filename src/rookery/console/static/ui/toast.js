import { html, signal, useEffect, useRef } from '../html.js';
import { Icon } from './icon.js';
import t from '../strings/ui.js';

/** @typedef {{label: string, onClick: () => void}} ToastAction */
/** @typedef {{id: number, message: string, kind: 'ok' | 'error', action?: ToastAction}} Toast */

/** At most so many at once: more would hide the page. */
const MOST = 4;
const SHOWN_MS = 6_000;

const toasts = signal(/** @type {Toast[]} */ ([]));
let last = 0;

/** @param {number} id */
function drop(id) {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

/** Says in passing what happened. Errors and toasts with an action stay until they are put away.
 * @param {string} message
 * @param {{kind?: 'ok' | 'error', action?: ToastAction}} [options] */
export function toast(message, { kind = 'ok', action } = {}) {
  last += 1;
  const id = last;
  toasts.value = [...toasts.value.filter((each) => each.message !== message), { id, message, kind, action }].slice(-MOST);
  if (kind === 'ok') setTimeout(() => drop(id), action ? SHOWN_MS * 2 : SHOWN_MS);
}

/** Where toasts appear; the shell has one. */
export function Toasts() {
  const region = useRef(/** @type {HTMLElement | null} */ (null));
  const count = toasts.value.length;
  useEffect(() => {
    const element = region.current;
    if (!element) return;
    // Shown anew it lies above a dialog that was opened meanwhile.
    if (element.matches(':popover-open')) {
      if (!count || !document.querySelector('dialog[open]')) return;
      element.hidePopover();
    }
    element.showPopover();
  }, [count]);
  return html`<div class="toasts" popover="manual" ref=${region} role="region" aria-label=${t.messages} aria-live="polite">
    ${toasts.value.map(
      (each) => html`<div key=${each.id} class=${`toast toast-${each.kind}`}>
        <${Icon} name=${each.kind === 'ok' ? 'circle-check' : 'circle-alert'} size=${20} />
        <span class="toast-text">${each.message}</span>
        ${each.action
          ? html`<button
              type="button"
              class="button button-quiet button-small"
              onClick=${() => {
                each.action?.onClick();
                drop(each.id);
              }}
            >
              ${each.action.label}
            </button>`
          : null}
        <button type="button" class="icon-button icon-button-small" aria-label=${t.dismiss} title=${t.dismiss} onClick=${() => drop(each.id)}>
          <${Icon} name="x" />
        </button>
      </div>`,
    )}
  </div>`;
}
