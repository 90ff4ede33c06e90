/** Setting a variable, and knowing whether the board has taken it. Nothing is shown as done before it is. */
import { html, useEffect, useSignal } from '../../html.js';
import { iot } from '../../api/rest.js';
import { heard, PATIENCE, same } from '../../dashboard/confirm.js';
import { Button, Field, Icon, IconButton, Value } from '../../ui/index.js';
import { wallSeconds, wallText } from '../../ui/wall-time.js';
import { family, unitOf } from '../../widgets/types.js';
import { t } from '../../strings/device.js';

/**
 * @typedef {object} Property
 * @property {string} id
 * @property {string} thing_id
 * @property {string} name
 * @property {string} variable_name
 * @property {string} type
 * @property {'READ_ONLY'|'READ_WRITE'} permission
 * @property {'ON_CHANGE'|'TIMED'} update_strategy
 * @property {number} [update_parameter]
 * @property {number} [min_value]
 * @property {number} [max_value]
 * @property {boolean} persist
 * @property {any} [last_value]
 * @property {string} [value_updated_at]
 */

/** @typedef {import('../../html.js').Signal<{value: any, at: number, fromBoard: boolean}>} ValueSignal */
/** @typedef {{value: any, before: any, since: number, state: 'sending'|'unconfirmed'|'failed', message: string}} Pending */

/**
 * The value as it is now: what came since the page was opened, else what was stored.
 * @param {Property} property
 * @param {ValueSignal} signal
 */
export function currentOf(property, signal) {
  if (signal.value.at) return signal.value;
  return {
    value: property.last_value ?? null,
    at: property.value_updated_at ? Date.parse(property.value_updated_at) : 0,
    fromBoard: true,
  };
}

/**
 * @param {Property} property
 * @param {ValueSignal} signal
 * @param {boolean} attached  whether a board can confirm; without one, taken is done
 */
export function useWrite(property, signal, attached) {
  const pending = useSignal(/** @type {Pending|null} */ (null));
  const news = signal.value;
  useEffect(() => {
    const waiting = pending.peek();
    if (waiting && news.at) pending.value = /** @type {Pending|null} */ (heard(waiting, news.value, news.fromBoard));
  }, [news]);
  useEffect(() => {
    if (pending.value?.state !== 'sending') return undefined;
    const timer = setTimeout(() => {
      const waiting = pending.peek();
      if (waiting?.state === 'sending') pending.value = { ...waiting, state: 'unconfirmed' };
    }, PATIENCE);
    return () => clearTimeout(timer);
  }, [pending.value]);
  /** @param {any} value */
  const write = async (value) => {
    const mine = {
      value,
      before: currentOf(property, signal).value,
      since: Date.now(),
      state: /** @type {const} */ ('sending'),
      message: '',
    };
    pending.value = mine;
    try {
      await iot('PUT', `/v2/things/${property.thing_id}/properties/${property.id}/publish`, { body: { value } });
      if (!attached && pending.peek() === mine) pending.value = null;
    } catch (error) {
      pending.value = { ...mine, state: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  };
  return {
    pending: pending.value,
    write,
    forget: () => {
      pending.value = null;
    },
  };
}

/** Kinds that have one simple value, which a person can type. */
const SIMPLE = new Set(['bool', 'int', 'float', 'string', 'time']);

/** @param {Property} property */
export const canSet = (property) => property.permission === 'READ_WRITE' && SIMPLE.has(family(property.type));

/** A value as people would type it. @param {any} value @param {string} type */
function written(value, type) {
  if (value === null || value === undefined) return '';
  return family(type) === 'time' && typeof value === 'number' ? wallText(value) : String(value);
}

/** @param {{property: Property, value: any, write: (value: any) => unknown}} props */
export function Setter({ property, value, write }) {
  const open = useSignal(false);
  const typed = useSignal('');
  const error = useSignal('');
  if (family(property.type) === 'bool') {
    return html`
      <button type="button" class="value-switch" role="switch" aria-checked=${Boolean(value)} aria-label=${t.values.toggle(property.name)}
        onClick=${() => write(!value)}><span></span></button>
    `;
  }
  if (!open.value) {
    return html`<${Button} small label=${t.values.set} title=${t.values.setting(property.name)} onClick=${() => {
      typed.value = written(value, property.type);
      open.value = true;
    }} />`;
  }
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const wanted = read(typed.value, property.type);
    if (wanted === undefined) {
      error.value = family(property.type) === 'time' ? t.values.badTime : t.values.badNumber;
      return;
    }
    open.value = false;
    error.value = '';
    write(wanted);
  };
  return html`
    <form class="value-form" onSubmit=${submit} onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Escape') open.value = false;
    }}>
      <${Field} label=${t.values.setting(property.name)} value=${typed.value} error=${error.value} autofocus mono
        onInput=${(/** @type {string} */ text) => {
          typed.value = text;
          error.value = '';
        }} />
      <${Button} small kind="primary" type="submit" label=${t.values.send} />
      <${Button} small kind="quiet" label=${t.values.cancel} onClick=${() => {
        open.value = false;
      }} />
    </form>
  `;
}

/**
 * What was typed, as a value of this type; undefined when it is none.
 * @param {string} text
 * @param {string} type
 */
export function read(text, type) {
  const kind = family(type);
  if (kind === 'string') return text;
  if (kind === 'time') return wallSeconds(text);
  const number = Number(text.trim().replace(',', '.'));
  if (text.trim() === '' || !Number.isFinite(number)) return undefined;
  return kind === 'float' ? number : Math.trunc(number);
}

/** @param {{pending: Pending|null, write: (value: any) => unknown, forget: () => void}} props */
export function PendingNote({ pending, write, forget }) {
  if (!pending) return null;
  if (pending.state === 'sending') {
    return html`<span class="value-pending" role="status"><span class="value-ring" aria-hidden="true"></span>${t.values.pending}</span>`;
  }
  return html`
    <span class=${`value-pending ${pending.state === 'failed' ? 'value-failed' : 'value-late'}`} role="status">
      <${Icon} name="triangle-alert" size=${16} />
      ${pending.state === 'failed' ? pending.message : t.values.unconfirmed}
      <${Button} small kind="quiet" label=${t.values.again} onClick=${() => write(pending.value)} />
      <${IconButton} small icon="x" label=${t.values.cancel} onClick=${forget} />
    </span>
  `;
}

/** The value before, while another one waits. @param {{property: Property, pending: Pending|null}} props */
export function Before({ property, pending }) {
  if (!pending || pending.before === null || pending.before === undefined || same(pending.before, pending.value)) return null;
  return html`<s class="value-before"><${Value} value=${pending.before} type=${property.type} unit=${unitOf(property.type)} /></s>`;
}
