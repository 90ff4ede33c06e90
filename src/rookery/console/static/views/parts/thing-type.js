/** Chooses one of the property types: a field that opens a list to search in. */
import { html, useEffect, useId, useMemo, useRef, useSignal } from '../../html.js';
import { Icon } from '../../ui/index.js';
import { t } from '../../strings/things.js';
import { findTypes, isBasic } from './thing-model.js';

/** @typedef {import('./thing-model.js').PropertyType} PropertyType */

/** @param {{types: PropertyType[], value: string, onPick: (type: PropertyType) => void}} props */
export function TypePicker({ types, value, onPick }) {
  const id = useId();
  const open = useSignal(false);
  const typed = useSignal('');
  const at = useSignal(0);
  const list = useRef(/** @type {HTMLUListElement|null} */ (null));
  const button = useRef(/** @type {HTMLButtonElement|null} */ (null));
  const chosen = types.find((type) => type.type === value);
  const found = useMemo(() => findTypes(types, typed.value), [types, typed.value]);
  useEffect(() => {
    if (!open.value) return;
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [open.value, at.value]);

  const show = () => {
    typed.value = '';
    at.value = Math.max(
      0,
      findTypes(types, '').findIndex((type) => type.type === value),
    );
    open.value = true;
  };
  const hide = () => {
    open.value = false;
    button.current?.focus();
  };
  const pick = (/** @type {PropertyType|undefined} */ type) => {
    if (!type) return;
    onPick(type);
    hide();
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    const moves = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 });
    if (event.key in moves) {
      event.preventDefault();
      at.value = Math.min(found.length - 1, Math.max(0, at.value + moves[event.key]));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      pick(found[at.value]);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      hide();
    }
  };
  return html`
    <div class="field">
      <span class="type-label" id=${`${id}-label`}>${t.sheet.type}</span>
      <button type="button" class="input type-button" ref=${button} aria-haspopup="listbox" aria-expanded=${String(open.value)}
        aria-labelledby=${`${id}-label ${id}-value`} onClick=${() => (open.value ? hide() : show())}>
        <span id=${`${id}-value`}>${chosen ? html`${chosen.name} <${About} type=${chosen} />` : value}</span>
        <${Icon} name="chevron-down" />
      </button>
      ${
        open.value &&
        html`
        <div class="type-list" onKeyDown=${keys}>
          <input class="input" role="combobox" aria-expanded="true" aria-controls=${`${id}-list`} aria-label=${t.sheet.typeSearch}
            aria-activedescendant=${found[at.value] ? `${id}-${found[at.value].type}` : undefined} placeholder=${t.sheet.typeSearch}
            value=${typed.value} ref=${(/** @type {HTMLInputElement|null} */ input) => {
              if (input && typed.peek() === '') input.focus();
            }}
            onInput=${(/** @type {Event} */ event) => {
              typed.value = /** @type {HTMLInputElement} */ (event.target).value;
              at.value = 0;
            }} />
          <ul role="listbox" id=${`${id}-list`} aria-labelledby=${`${id}-label`} ref=${list}>
            ${found.map(
              (type, index) => html`
              <li key=${type.type} id=${`${id}-${type.type}`} role="option" aria-selected=${String(index === at.value)}
                class=${type.deprecated ? 'type-old' : isBasic(type) ? 'type-basic' : ''} title=${type.type}
                onMouseDown=${(/** @type {Event} */ event) => event.preventDefault()} onClick=${() => pick(type)}>
                <span>${type.name}</span> <${About} type=${type} />
                ${type.type === value && html`<${Icon} name="check" />`}
              </li>
            `,
            )}
          </ul>
          ${found.length === 0 && html`<p class="type-none">${t.sheet.typeNone}</p>`}
        </div>
      `
      }
    </div>
  `;
}

/** @param {{type: PropertyType}} props */
function About({ type }) {
  const units = type.units.join(', ');
  return html`<small class="type-about">${[
    type.declaration === '?' ? '' : type.declaration,
    units,
    type.deprecated ? t.sheet.old : '',
  ]
    .filter(Boolean)
    .join(' · ')}</small>`;
}
