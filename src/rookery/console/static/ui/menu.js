import { html, useEffect, useId, useRef, useState } from '../html.js';
import { Icon } from './icon.js';
import t from '../strings/ui.js';

/** @typedef {{label: string, icon?: string, onClick?: () => void, href?: string, danger?: boolean, disabled?: boolean,
 *   checked?: boolean, separator?: boolean, download?: string}} MenuItem */

/** A button with a list of actions. Without `label` it is the three dots.
 * @param {{label?: string, items: Array<MenuItem | null | false | undefined>, icon?: string, name?: string,
 *   kind?: 'plain' | 'quiet', small?: boolean, face?: import('../html.js').Children, up?: boolean}} props */
export function Menu({ label, items, icon, name, kind = 'plain', small = false, face, up = false }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = /** @type {MenuItem[]} */ (items.filter(Boolean));

  /** @param {boolean} [focus] */
  const close = (focus = true) => {
    setOpen(false);
    if (focus) root.current?.querySelector('button')?.focus();
  };
  useEffect(() => {
    const element = list.current;
    const button = root.current?.querySelector('button');
    if (!open || !element || !button) return undefined;
    // The top layer lets the list lie over sheets and outside of frames that scroll.
    element.showPopover();
    const at = button.getBoundingClientRect();
    const { width, height } = element.getBoundingClientRect();
    const below = !up && at.bottom + height + 12 < innerHeight;
    element.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, at.left + width > innerWidth - 8 ? at.right - width : at.left))}px`;
    element.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`;
    const first = element.querySelector('[role^=menuitem]:not([aria-disabled])');
    if (first instanceof HTMLElement) first.focus();
    const outside = (/** @type {Event} */ event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) close(false);
    };
    const gone = () => close(false);
    document.addEventListener('pointerdown', outside);
    addEventListener('scroll', gone, { capture: true, once: true });
    addEventListener('resize', gone);
    return () => {
      document.removeEventListener('pointerdown', outside);
      removeEventListener('scroll', gone, { capture: true });
      removeEventListener('resize', gone);
    };
  }, [open]);

  /** @param {KeyboardEvent} event */
  const keys = (event) => {
    const all = /** @type {HTMLElement[]} */ ([...(list.current?.querySelectorAll('[role^=menuitem]:not([aria-disabled])') ?? [])]);
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === 'Tab') {
      setOpen(false);
    } else if (event.key.length === 1) {
      const found = all.find((each) => each.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase()));
      found?.focus();
    }
  };
  const says = name ?? label ?? t.menu;
  return html`<span class="menu" ref=${root}>
    <button
      type="button"
      class=${face ? 'menu-face' : label ? `button button-${kind}${small ? ' button-small' : ''}` : `icon-button${small ? ' icon-button-small' : ''}`}
      aria-haspopup="menu"
      aria-expanded=${String(open)}
      aria-controls=${open ? id : undefined}
      aria-label=${label || face ? undefined : says}
      title=${label || face ? undefined : says}
      onClick=${(/** @type {MouseEvent} */ event) => {
        event.preventDefault();
        event.stopPropagation();
        setOpen(!open);
      }}
    >
      ${face ??
      (label
        ? html`${icon ? html`<${Icon} name=${icon} />` : null}<span>${label}</span><${Icon} name="chevron-down" />`
        : html`<${Icon} name=${icon ?? 'ellipsis'} size=${small ? 16 : 20} />`)}
    </button>
    ${open
      ? html`<div class="menu-list" popover="manual" role="menu" id=${id} aria-label=${says} ref=${list} onKeyDown=${keys}>
          ${shown.map((each) => html`<${Item} item=${each} close=${close} />`)}
        </div>`
      : null}
  </span>`;
}

/** @param {{item: MenuItem, close: (focus?: boolean) => void}} props */
function Item({ item, close }) {
  if (item.separator) return html`<hr class="menu-line" />`;
  const names = `menu-item${item.danger ? ' menu-danger' : ''}`;
  const inside = html`${item.icon ? html`<${Icon} name=${item.icon} />` : html`<span class="menu-gap"></span>`}<span>${item.label}</span>${item.checked
      ? html`<span class="menu-check"><${Icon} name="check" /></span>`
      : null}`;
  if (item.href) {
    return html`<a class=${names} role="menuitem" tabindex="-1" href=${item.href} download=${item.download} onClick=${() => close(false)}>${inside}</a>`;
  }
  return html`<button
    type="button"
    class=${names}
    role=${item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
    aria-checked=${item.checked === undefined ? undefined : String(item.checked)}
    aria-disabled=${item.disabled ? 'true' : undefined}
    tabindex="-1"
    onClick=${(/** @type {MouseEvent} */ event) => {
      event.stopPropagation();
      if (item.disabled) return;
      close();
      item.onClick?.();
    }}
  >
    ${inside}
  </button>`;
}
