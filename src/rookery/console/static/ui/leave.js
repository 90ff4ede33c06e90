import { useEffect } from '../html.js';
import { guard } from '../router.js';
import t from '../strings/ui.js';

/** Asks before somebody leaves what is not saved.
 * @param {import('../html.js').ReadonlySignal<boolean> | boolean} dirty
 * @param {string} [question] */
export function confirmLeave(dirty, question = t.leave) {
  const unsaved = () => (typeof dirty === 'boolean' ? dirty : dirty.peek());
  useEffect(() => {
    const stay = (/** @type {BeforeUnloadEvent} */ event) => {
      if (unsaved()) event.preventDefault();
    };
    addEventListener('beforeunload', stay);
    const off = guard(() => !unsaved() || confirm(question));
    return () => {
      removeEventListener('beforeunload', stay);
      off();
    };
  }, [dirty]);
}
