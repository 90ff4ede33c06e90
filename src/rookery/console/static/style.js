/** Addresses of files beside this one, and style sheets that only some views need. */

const base = new URL('.', import.meta.url);
/** @type {Map<string, Promise<void>>} */
const asked = new Map();

/** The address of a file of the console, `vendor/world.json`.
 * @param {string} path
 * @returns {string} */
export function asset(path) {
  return new URL(path, base).href;
}

/** Loads a style sheet once: `await style('devices')` is styles/devices.css, `await style('vendor/uplot')` is
 * vendor/uplot.css. Never rejects: a page without its style is better than none.
 * @param {string} name
 * @returns {Promise<void>} */
export function style(name) {
  const known = asked.get(name);
  if (known) return known;
  const loading = /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      link.href = asset(name.includes('/') ? `${name}.css` : `styles/${name}.css`);
      link.onload = () => resolve();
      link.onerror = () => resolve();
      document.head.append(link);
    })
  );
  asked.set(name, loading);
  return loading;
}
