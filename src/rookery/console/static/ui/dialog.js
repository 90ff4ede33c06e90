import { html, useId, useLayoutEffect, useRef, useState } from '../html.js';
import { Button, IconButton } from './button.js';
import t from '../strings/ui.js';

/** The browser's own dialog: it keeps the focus inside; we give it back to where it was.
 * @param {{open: boolean, onClose: () => void, name: string, labelId: string, children: import('../html.js').Children,
 *   keep?: boolean}} props keep: neither Escape nor a click beside closes it */
export function Modal({ open, onClose, name, labelId, children, keep = false }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const before = useRef(/** @type {Element | null} */ (null));
  // Before anybody can type: a focus that moves later takes the rest of what is typed with it.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (!open || !element) return undefined;
    before.current = document.activeElement;
    if (!element.open) element.showModal();
    const first = element.querySelector('[data-autofocus]') ?? element.querySelector('.modal-body :is(input, select, textarea, button):not([disabled])');
    if (first instanceof HTMLElement) first.focus();
    return () => {
      element.close();
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
    };
  }, [open]);
  if (!open) return null;
  return html`<dialog
    ref=${dialog}
    class=${`modal ${name}`}
    aria-labelledby=${labelId}
    onCancel=${(/** @type {Event} */ event) => {
      event.preventDefault();
      if (!keep && event.target === dialog.current) onClose();
    }}
    onMouseDown=${(/** @type {MouseEvent} */ event) => {
      if (!keep && event.target === dialog.current) onClose();
    }}
  >
    ${children}
  </dialog>`;
}

/** A side sheet for editing.
 * @param {{open: boolean, title: string, onClose: () => void, footer?: import('../html.js').Children,
 *   children?: import('../html.js').Children, wide?: boolean}} props */
export function Sheet({ open, title, onClose, footer, children, wide = false }) {
  const id = useId();
  return html`<${Modal} open=${open} onClose=${onClose} name=${wide ? 'sheet sheet-wide' : 'sheet'} labelId=${id}>
    <div class="modal-frame">
      <header class="modal-head">
        <h2 id=${id}>${title}</h2>
        <${IconButton} icon="x" label=${t.close} onClick=${onClose} />
      </header>
      <div class="modal-body">${children}</div>
      ${footer ? html`<footer class="modal-foot">${footer}</footer>` : null}
    </div>
  <//>`;
}

/** For what cannot be undone: says what will be gone, and may ask for its name.
 * @param {{open: boolean, title: string, onClose: () => void, onConfirm?: () => void, confirmLabel?: string,
 *   danger?: boolean, mustType?: string, busy?: boolean, disabled?: boolean, error?: any, keep?: boolean,
 *   children?: import('../html.js').Children}} props */
export function Dialog(props) {
  const { open, title, onClose, onConfirm, confirmLabel = t.confirm, danger = false, mustType, busy = false } = props;
  const id = useId();
  const field = useId();
  const [typed, setTyped] = useState('');
  useLayoutEffect(() => setTyped(''), [open]);
  const ready = (!mustType || typed.trim() === mustType.trim()) && !props.disabled;
  const message = props.error ? (props.error.message ?? String(props.error)) : null;
  return html`<${Modal} open=${open} onClose=${onClose} name="dialog" labelId=${id} keep=${props.keep}>
    <form
      class="modal-frame"
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        if (ready && !busy) onConfirm?.();
      }}
    >
      <header class="modal-head">
        <h2 id=${id}>${title}</h2>
        ${props.keep ? null : html`<${IconButton} icon="x" label=${t.close} onClick=${onClose} />`}
      </header>
      <div class="modal-body">
        ${props.children}
        ${mustType
          ? html`<div class="field">
              <label for=${field}>${t.mustType}<strong class="must-type">${mustType}</strong></label>
              <input id=${field} class="input" autocomplete="off" spellcheck=${false} value=${typed} onInput=${(/** @type {any} */ event) => setTyped(event.target.value)} />
            </div>`
          : null}
        ${message ? html`<p class="form-error" role="alert">${message}</p>` : null}
      </div>
      ${onConfirm
        ? html`<footer class="modal-foot">
            ${props.keep ? null : html`<${Button} label=${t.cancel} onClick=${onClose} />`}
            <${Button} type="submit" kind=${danger ? 'danger' : 'primary'} label=${confirmLabel} busy=${busy} disabled=${!ready} />
          </footer>`
        : null}
    </form>
  <//>`;
}
