import { html, useEffect, useRef } from '../html.js';
import { restore } from '../router.js';
import { Calls } from './calls.js';
import { Icon } from './icon.js';
import { t as words } from '../strings/app.js';
import t from '../strings/ui.js';

/** The heading that got the focus when its page was opened. */
let given = /** @type {HTMLHeadingElement | null} */ (null);

/** The frame of a page: its title, one line that says what it is, one primary action at the right.
 * @param {{title: string, line?: import('../html.js').Children, action?: import('../html.js').Children, json?: boolean,
 *   back?: {href: string, label: string}, wide?: boolean, children?: import('../html.js').Children,
 *   name?: string}} props name: of the browser's tab, where it differs from the title */
export function Page({ title, line, action, json = true, back, wide = false, children, name }) {
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useEffect(() => {
    document.title = `${name ?? title} · ${words.product}`;
  }, [title, name]);
  useEffect(() => {
    // The frame of what was loading goes, that of what is there comes: whoever reads aloud stays at the heading.
    const lost = given && !given.isConnected && document.activeElement === document.body;
    given = restore.focus || lost ? heading.current : null;
    given?.focus({ preventScroll: true });
    restore.focus = false;
  }, []);
  const twin = `${location.pathname.replace(/\/$/, '') || '/console'}.json${location.search}`;
  return html`<div class=${`page${wide ? ' page-wide' : ''}`}>
    <header class="page-head">
      <div class="page-title">
        ${back
          ? html`<a class="page-back" href=${back.href}><${Icon} name="chevron-left" size=${14} />${back.label}</a>`
          : null}
        <h1 tabindex="-1" ref=${heading}>${title}</h1>
        ${line ? html`<p class="page-line">${line}</p>` : null}
      </div>
      ${action ? html`<div class="page-action">${action}</div>` : null}
    </header>
    ${children}
    ${json
      ? html`<footer class="page-foot"><a href=${twin.replace('/console.json', '/console/home.json')} title=${t.json}>JSON</a></footer>`
      : null}
  </div>`;
}

/** A part of a page. `calls` (of useLoad) shows the `</>` that tells what was asked.
 * @param {{title?: string, actions?: import('../html.js').Children, calls?: import('../api/rest.js').Call[],
 *   children?: import('../html.js').Children, flush?: boolean, line?: import('../html.js').Children, id?: string}} props
 *   flush: the content reaches the edges (tables) */
export function Panel({ title, actions, calls, children, flush = false, line, id }) {
  return html`<section class=${`panel${flush ? ' panel-flush' : ''}`} id=${id}>
    ${title || actions || calls
      ? html`<header class="panel-head">
          <div class="panel-title">
            ${title ? html`<h2>${title}</h2>` : null} ${line ? html`<p class="muted">${line}</p>` : null}
          </div>
          <div class="panel-actions">${actions}${calls ? html`<${Calls} calls=${calls} />` : null}</div>
        </header>`
      : null}
    <div class="panel-body">${children}</div>
  </section>`;
}
