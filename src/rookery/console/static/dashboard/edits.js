/**
 * What was done to a document, to be undone and done again. Changes of one kind that follow each other quickly (typing
 * a name, pressing an arrow) are one step.
 *
 * @template T
 * @typedef {{now: T, past: T[], future: T[], saved: T, mark: string, at: number}} Edits
 */

/** Steps kept: far more than anybody takes back, and a document is shared but for what changed. */
const STEPS = 200;
/** Milliseconds in which changes of one kind are one step. */
const TOGETHER = 800;

/** @template T @param {T} document @returns {Edits<T>} */
export const begin = (document) => ({ now: document, past: [], future: [], saved: document, mark: '', at: 0 });

/**
 * @template T @param {Edits<T>} edits @param {T} next @param {string} [mark] the kind of change; without it a step of its own
 * @param {number} [time] ms @returns {Edits<T>}
 */
export function change(edits, next, mark = '', time = 0) {
  if (next === edits.now) return edits;
  const together = mark !== '' && mark === edits.mark && time - edits.at < TOGETHER && edits.past.length > 0;
  return {
    ...edits,
    now: next,
    past: together ? edits.past : [...edits.past, edits.now].slice(-STEPS),
    future: [],
    mark,
    at: time,
  };
}

/** @template T @param {Edits<T>} edits @returns {Edits<T>} */
export function undo(edits) {
  const before = edits.past.at(-1);
  if (before === undefined) return edits;
  return { ...edits, now: before, past: edits.past.slice(0, -1), future: [edits.now, ...edits.future], mark: '' };
}

/** @template T @param {Edits<T>} edits @returns {Edits<T>} */
export function redo(edits) {
  const [after, ...future] = edits.future;
  if (after === undefined) return edits;
  return { ...edits, now: after, past: [...edits.past, edits.now], future, mark: '' };
}

/** What is in the editor is on the server now. @template T @param {Edits<T>} edits @param {T} saved @returns {Edits<T>} */
export const saved = (edits, saved) => ({ ...edits, saved });

/** @template T @param {Edits<T>} edits */
export const isChanged = (edits) => edits.now !== edits.saved;
