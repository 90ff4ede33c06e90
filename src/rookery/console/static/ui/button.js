import { html } from '../html.js';
import { Icon } from './icon.js';

/** @typedef {object} ButtonProps
 * @property {string} label says what happens
 * @property {string} [icon]
 * @property {'primary' | 'plain' | 'quiet' | 'danger'} [kind] one primary a page
 * @property {boolean} [busy]
 * @property {boolean} [disabled]
 * @property {'button' | 'submit' | 'reset'} [type]
 * @property {(event: MouseEvent) => void} [onClick]
 * @property {string} [href] makes it a link that looks like a button
 * @property {string} [title]
 * @property {boolean} [small]
 * @property {boolean} [pressed] for buttons that stay down
 * @property {boolean} [wide]
 * @property {string} [download] file name, with `href`
 * @property {string} [id]
 */

/** @param {ButtonProps} props */
export function Button(props) {
  const { label, icon, kind = 'plain', busy = false, disabled = false, type = 'button', onClick, href, title } = props;
  const names = `button button-${kind}${props.small ? ' button-small' : ''}${props.wide ? ' button-wide' : ''}`;
  const inside = html`
    ${busy ? html`<span class="spin"><${Icon} name="loader-circle" /></span>` : icon ? html`<${Icon} name=${icon} />` : null}
    <span>${label}</span>
  `;
  if (href && !disabled) {
    return html`<a class=${names} href=${href} title=${title} download=${props.download} onClick=${onClick} id=${props.id}>
      ${inside}
    </a>`;
  }
  return html`<button
    class=${names}
    type=${type}
    disabled=${disabled}
    aria-busy=${busy ? 'true' : undefined}
    aria-pressed=${props.pressed === undefined ? undefined : String(props.pressed)}
    title=${title}
    id=${props.id}
    onClick=${busy ? (/** @type {MouseEvent} */ event) => event.preventDefault() : onClick}
  >
    ${inside}
  </button>`;
}

/** A button that is only a picture: `label` is its name and title.
 * @param {{icon: string, label: string, onClick?: (event: MouseEvent) => void, href?: string, small?: boolean,
 *   pressed?: boolean, disabled?: boolean, danger?: boolean, busy?: boolean}} props */
export function IconButton({ icon, label, onClick, href, small, pressed, disabled = false, danger, busy }) {
  const names = `icon-button${small ? ' icon-button-small' : ''}${danger ? ' icon-button-danger' : ''}`;
  const size = small ? 16 : 20;
  if (href) return html`<a class=${names} href=${href} title=${label} aria-label=${label}><${Icon} name=${icon} size=${size} /></a>`;
  return html`<button
    class=${names}
    type="button"
    title=${label}
    aria-label=${label}
    aria-pressed=${pressed === undefined ? undefined : String(pressed)}
    disabled=${disabled}
    onClick=${onClick}
  >
    ${busy ? html`<span class="spin"><${Icon} name="loader-circle" size=${size} /></span>` : html`<${Icon} name=${icon} size=${size} />`}
  </button>`;
}
