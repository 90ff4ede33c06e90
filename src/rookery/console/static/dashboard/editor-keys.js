/** The keyboard of the editor. Keys that a field or a dialog wants stay theirs. */
import { useEffect } from '../html.js';

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {import('./work.js').Work} work
 * @param {{save: () => void, open: () => void}} acts
 */
export function useEditorKeys(work, acts) {
  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (target.closest('dialog, [popover]') || event.defaultPrevented) return;
      const command = event.ctrlKey || event.metaKey;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (command && key === 's') return done(event, acts.save);
      if (target.closest('input, textarea, select, [contenteditable]')) return;
      if (command && key === 'z') return done(event, event.shiftKey ? work.redo : work.undo);
      if (command && key === 'y') return done(event, work.redo);
      if (command && key === 'a') {
        return done(event, () => (work.selected.value = new Set(work.boxes.peek().map((box) => box.id))));
      }
      // A slot that has the focus is what keys act on, chosen or not.
      const slot = target.closest('[data-widget]')?.getAttribute('data-widget');
      const arrow = ARROWS[key];
      const acting = arrow || key === 'Delete' || key === 'Backspace' || (command && key === 'd');
      if (slot && acting && !work.selected.peek().has(slot)) work.selected.value = new Set([slot]);
      if (command && key === 'd') {
        return done(event, () => {
          work.duplicate();
          focusOn([...work.selected.peek()][0]);
        });
      }
      if (command || event.altKey) return;
      if (key === 'Escape') return done(event, () => (work.selected.value = new Set()));
      if (slot && key === ' ') return done(event, () => (work.selected.value = toggled(work.selected.peek(), slot)));
      if (slot && key === 'Enter') {
        return done(event, () => {
          work.selected.value = new Set([slot]);
          acts.open();
          requestAnimationFrame(() => /** @type {HTMLElement|null} */ (document.querySelector('.db-inspector input'))?.focus());
        });
      }
      if (work.selected.peek().size === 0) return;
      if (arrow) return done(event, () => (event.shiftKey ? work.grow : work.nudge)(...arrow));
      if (key === 'Delete' || key === 'Backspace') {
        done(event, work.remove);
        if (slot) focusOn(work.boxes.peek()[0]?.id);
      }
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, [work]);
}

/** The focus stays on the board when what had it is gone or copied. @param {string|undefined} id */
function focusOn(id) {
  if (!id) return;
  requestAnimationFrame(() => /** @type {HTMLElement|null} */ (document.querySelector(`[data-widget="${CSS.escape(id)}"] [role=option]`))?.focus());
}

/** @param {KeyboardEvent} event @param {() => unknown} act */
function done(event, act) {
  event.preventDefault();
  act();
}

/** @param {ReadonlySet<string>} ids @param {string} id */
function toggled(ids, id) {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}
