import { html, useId, useLayoutEffect, useRef, useState } from '../html.js';
import { Button } from './button.js';
import { Icon } from './icon.js';
import t from '../strings/ui.js';

/** @typedef {object} FieldProps
 * @property {string} label
 * @property {import('../html.js').Children} [hint]
 * @property {string | null} [error]
 * @property {'text' | 'password' | 'email' | 'number' | 'search' | 'url' | 'textarea' | 'select' | 'checkbox' | 'switch' | 'radio' | 'file' | 'date' | 'time' | 'datetime-local'} [type]
 * @property {any} [value] text; boolean of checkbox and switch; File of file
 * @property {(value: any) => void} [onInput] receives what `value` is: text, boolean, File or null; numbers as text
 * @property {Array<{value: string, label: string, hint?: string, disabled?: boolean}>} [options] of select and radio
 * @property {boolean} [required]
 * @property {number | string} [min]
 * @property {number | string} [max]
 * @property {number | string} [step]
 * @property {number} [rows]
 * @property {boolean} [mono]
 * @property {boolean} [autofocus]
 * @property {string} [name]
 * @property {string} [accept]
 * @property {boolean} [disabled]
 * @property {string} [placeholder]
 * @property {string} [autocomplete]
 * @property {'text' | 'numeric' | 'decimal' | 'email' | 'url' | 'none'} [inputmode]
 * @property {string} [unit] stands behind the value
 * @property {boolean} [hideLabel] the label is for readers only
 * @property {number} [maxlength]
 * @property {boolean} [readonly]
 */

/** One labelled field of a form, with its hint and its error.
 * @param {FieldProps} props */
export function Field(props) {
  const { label, hint, error, type = 'text', required = false, autofocus = false, hideLabel = false } = props;
  const id = useId();
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    if (autofocus) element.current?.focus();
  }, []);
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ') || undefined;
  const shared = {
    id,
    ref: element,
    name: props.name,
    disabled: props.disabled,
    required: required && type !== 'radio',
    'aria-invalid': error ? 'true' : undefined,
    'aria-describedby': described,
    'data-autofocus': autofocus ? '' : undefined,
  };
  const notes = html`
    ${hint ? html`<div class="field-hint" id=${`${id}-hint`}>${hint}</div>` : null}
    ${error ? html`<div class="field-error" id=${`${id}-error`}><${Icon} name="circle-alert" size=${14} />${error}</div>` : null}
  `;
  if (type === 'checkbox' || type === 'switch') {
    return html`<div class=${`field field-${type}`}>
      <label class="field-tick">
        <input
          ...${shared}
          type="checkbox"
          role=${type === 'switch' ? 'switch' : undefined}
          class=${type === 'switch' ? 'switch' : undefined}
          checked=${!!props.value}
          onChange=${(/** @type {any} */ event) => props.onInput?.(event.target.checked)}
        />
        <span class=${hideLabel ? 'hidden' : ''}>${label}</span>
      </label>
      ${notes}
    </div>`;
  }
  if (type === 'radio') {
    return html`<fieldset class="field field-radio" aria-describedby=${described} disabled=${props.disabled}>
      <legend class=${hideLabel ? 'hidden' : ''}>${label}</legend>
      ${(props.options ?? []).map(
        (each, at) => html`<label class="field-tick" key=${each.value}>
          <input
            type="radio"
            name=${props.name ?? id}
            value=${each.value}
            checked=${each.value === props.value}
            disabled=${each.disabled}
            ref=${at === 0 ? element : undefined}
            onChange=${() => props.onInput?.(each.value)}
          />
          <span>${each.label}${each.hint ? html`<span class="field-hint">${each.hint}</span>` : null}</span>
        </label>`,
      )}
      ${notes}
    </fieldset>`;
  }
  return html`<div class="field">
    <label class=${hideLabel ? 'hidden' : ''} for=${id}>${label}</label>
    ${control(props, shared, type)} ${notes}
  </div>`;
}

/** @param {FieldProps} props @param {Record<string, any>} shared @param {string} type */
function control(props, shared, type) {
  const typed = (/** @type {any} */ event) => props.onInput?.(event.target.value);
  const names = `input${props.mono ? ' mono' : ''}`;
  if (type === 'textarea') {
    return html`<textarea
      ...${shared}
      class=${names}
      rows=${props.rows ?? 4}
      placeholder=${props.placeholder}
      maxlength=${props.maxlength}
      readonly=${props.readonly}
      spellcheck=${!props.mono}
      value=${props.value ?? ''}
      onInput=${typed}
    ></textarea>`;
  }
  if (type === 'select') {
    return html`<span class="select">
      <select ...${shared} class="input" onChange=${typed}>
        ${(props.options ?? []).map(
          (each) => html`<option key=${each.value} value=${each.value} selected=${each.value === (props.value ?? '')} disabled=${each.disabled}>${each.label}</option>`,
        )}
      </select>
      <${Icon} name="chevron-down" />
    </span>`;
  }
  if (type === 'file') return html`<${FilePick} shared=${shared} accept=${props.accept} value=${props.value} onInput=${props.onInput} />`;
  if (type === 'password') return html`<${Password} shared=${shared} field=${props} />`;
  const input = html`<input
    ...${shared}
    type=${type}
    class=${`${names}${type === 'number' ? ' num' : ''}`}
    value=${props.value ?? ''}
    placeholder=${props.placeholder}
    min=${props.min}
    max=${props.max}
    step=${props.step ?? (type === 'number' ? 'any' : undefined)}
    maxlength=${props.maxlength}
    readonly=${props.readonly}
    autocomplete=${props.autocomplete ?? 'off'}
    spellcheck=${false}
    inputmode=${props.inputmode}
    onInput=${typed}
  />`;
  return props.unit ? html`<span class="input-unit">${input}<span class="muted">${props.unit}</span></span>` : input;
}

/** @param {{shared: Record<string, any>, field: FieldProps}} props */
function Password({ shared, field }) {
  const [shown, setShown] = useState(false);
  return html`<span class="password">
    <input
      ...${shared}
      type=${shown ? 'text' : 'password'}
      class=${`input${field.mono ? ' mono' : ''}`}
      value=${field.value ?? ''}
      autocomplete=${field.autocomplete ?? 'new-password'}
      spellcheck=${false}
      placeholder=${field.placeholder}
      onInput=${(/** @type {any} */ event) => field.onInput?.(event.target.value)}
    />
    <button
      type="button"
      class="icon-button icon-button-small"
      aria-label=${shown ? t.hidePassword : t.showPassword}
      title=${shown ? t.hidePassword : t.showPassword}
      onClick=${() => setShown(!shown)}
    >
      <${Icon} name=${shown ? 'eye-off' : 'eye'} />
    </button>
  </span>`;
}

/** @param {{shared: Record<string, any>, accept?: string, value?: File | null, onInput?: (file: File | null) => void}} props */
function FilePick({ shared, accept, value, onInput }) {
  const [over, setOver] = useState(false);
  return html`<span
    class=${`file-pick${over ? ' file-over' : ''}`}
    onDragOver=${(/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(true);
    }}
    onDragLeave=${() => setOver(false)}
    onDrop=${(/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file && !shared.disabled) onInput?.(file);
    }}
  >
    <input ...${shared} type="file" accept=${accept} onChange=${(/** @type {any} */ event) => onInput?.(event.target.files[0] ?? null)} />
    <span class="file-face" aria-hidden="true">
      <${Icon} name="upload" />
      <span>${value ? value.name : html`<strong>${t.chooseFile}</strong> ${t.dropFile}`}</span>
      ${value ? html`<span class="muted num">${t.bytes(value.size)}</span>` : null}
    </span>
  </span>`;
}

/** A form: Enter submits, nothing is sent twice, an error stands above the button.
 * @param {{onSubmit: () => void | Promise<void>, busy?: boolean, error?: any, children?: import('../html.js').Children,
 *   submit?: string, label?: string}} props submit: the word of a button that this puts at the end */
export function Form({ onSubmit, busy = false, error, children, submit, label }) {
  const message = error ? (error.message ?? String(error)) : null;
  return html`<form
    class="form"
    aria-label=${label}
    aria-busy=${busy ? 'true' : undefined}
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      if (!busy) void onSubmit();
    }}
  >
    ${children}
    ${message ? html`<p class="form-error" role="alert"><${Icon} name="circle-alert" />${message}</p>` : null}
    ${submit ? html`<div class="form-foot"><${Button} type="submit" kind="primary" label=${submit} busy=${busy} /></div>` : null}
  </form>`;
}
