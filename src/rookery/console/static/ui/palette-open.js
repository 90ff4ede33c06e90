import { signal } from '../html.js';

/** Whether the palette is open; its program comes when it is first wanted. */
export const palette = signal(false);

/** How the palette is called on this keyboard. */
export const shortcut = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘K' : 'Ctrl K';

export function openPalette() {
  palette.value = true;
}
