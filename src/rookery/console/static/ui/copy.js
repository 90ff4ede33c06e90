import { html, useEffect, useRef, useState } from '../html.js';
import { Icon } from './icon.js';
import { toast } from './toast.js';
import t from '../strings/ui.js';

/** Copies text; without the clipboard of a secure page by the old way of a marked field.
 * @param {string} text @returns {Promise<boolean>} */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages on plain HTTP have no clipboard of that kind.
    const before = document.activeElement;
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'hidden';
    (before?.closest('dialog') ?? document.body).append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    if (before instanceof HTMLElement) before.focus();
    return done;
  }
}

/** Lets the person keep text as a file.
 * @param {string} name @param {string | Blob} content @param {string} [type] */
export function saveFile(name, content, type = 'text/plain;charset=utf-8') {
  const blob = typeof content === 'string' ? new Blob([content], { type }) : content;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  // Names of boards may hold what no file system takes.
  link.download = name.replace(/[\\/:*?"<>|\x00-\x1f]/g, '-').slice(-120);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {{text: string | (() => string), label?: string, quiet?: boolean}} props with `label` a button with the word */
export function Copy({ text, label, quiet = false }) {
  const [done, setDone] = useState(false);
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async (/** @type {MouseEvent} */ event) => {
    event.preventDefault();
    event.stopPropagation();
    if (!(await copyText(typeof text === 'function' ? text() : text))) {
      toast(t.copyFailed, { kind: 'error' });
      return;
    }
    setDone(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setDone(false), 1_500);
  };
  const name = done ? t.copied : (label ?? t.copy);
  return html`<button
    type="button"
    class=${label ? 'button button-plain button-small' : `icon-button icon-button-small copy${quiet ? ' copy-quiet' : ''}${done ? ' copy-done' : ''}`}
    aria-label=${label ? undefined : name}
    title=${label ? undefined : name}
    onClick=${copy}
  >
    <${Icon} name=${done ? 'check' : 'copy'} size=${label ? 16 : 14} />
    ${label ? html`<span aria-live="polite">${name}</span>` : html`<span class="hidden" aria-live="polite">${done ? t.copied : ''}</span>`}
  </button>`;
}
