/** The messages of a window, by the values of its variable. Pure. */

/** Messages on the screen; older ones go. */
export const KEPT = 200;
/** A text that has it empties the window (reference 8.3); what stands behind it is the first message again. */
export const CLEAR = '\u001b';

/** @typedef {{at: number, text: string, mine: boolean}} Message */

/**
 * What a new value does to the messages.
 * @param {Message[]} messages
 * @param {number} at
 * @param {any} value
 * @param {boolean} mine
 * @returns {Message[]}
 */
export function said(messages, at, value, mine) {
  let text = typeof value === 'string' ? value : JSON.stringify(value);
  const cleared = text.lastIndexOf(CLEAR);
  if (cleared >= 0) {
    text = text.slice(cleared + 1);
    messages = [];
  }
  return text === '' ? messages : [...messages, { at, text, mine }].slice(-KEPT);
}
