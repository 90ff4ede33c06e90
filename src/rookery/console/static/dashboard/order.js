/**
 * What was before, then what comes: while the past is asked for, the present waits for it.
 * @template T
 * @param {Promise<T[]>} before ascending; when it fails the present goes on without it
 * @param {(each: T) => void} take
 * @param {number} most of the present that wait: beyond it the oldest are dropped
 * @returns {{ready: Promise<void>, hear: (each: T) => void}}
 */
export function inOrder(before, take, most) {
  /** @type {T[] | null} */
  let waiting = [];
  const ready = before
    .catch(() => /** @type {T[]} */ ([]))
    .then((past) => {
      const late = waiting ?? [];
      waiting = null;
      [...past, ...late].forEach(take);
    });
  return {
    ready,
    hear: (each) => {
      if (waiting) waiting = [...waiting, each].slice(-most);
      else take(each);
    },
  };
}
