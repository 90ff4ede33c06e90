import { signal } from '../html.js';

/** @typedef {'auto' | 'light' | 'dark'} Theme */
const KEY = 'rookery.theme';

/** @returns {Theme} */
function stored() {
  const here = document.documentElement.dataset.theme;
  return here === 'light' || here === 'dark' ? here : 'auto';
}

/** The chosen theme; first.js has applied it before anything was drawn. */
export const theme = signal(stored());

/** @param {Theme} value */
export function chooseTheme(value) {
  theme.value = value;
  document.documentElement.dataset.theme = value;
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // Private windows may forbid it; the choice then lasts as long as the page.
  }
}
