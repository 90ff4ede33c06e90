/** Adds a variable to a thing, or changes one. */
import { html, useSignal } from '../../html.js';
import { iot, own } from '../../api/rest.js';
import { Button, Field, Form, Icon, Sheet, toast } from '../../ui/index.js';
import { isNumeric, unitOf } from '../../widgets/types.js';
import { t } from '../../strings/things.js';
import { symbolOf } from './thing-header.js';
import { Retention, retentionDays, useRetention } from './thing-retention.js';
import { TypePicker } from './thing-type.js';

/** @typedef {import('./value-write.js').Property} Property */
/** @typedef {import('./thing-model.js').PropertyType} PropertyType */

/**
 * @typedef {object} Draft everything as it was typed
 * @property {string} name
 * @property {string|null} symbol   null: derived from the name
 * @property {string} type
 * @property {boolean} writable
 * @property {boolean} timed
 * @property {string} delta
 * @property {string} seconds
 * @property {boolean} persist
 * @property {string} min
 * @property {string} max
 */

/** @param {Property|undefined} property @returns {Draft} */
function draftOf(property) {
  const text = (/** @type {number|undefined} */ number) => (number === undefined ? '' : String(number));
  if (!property) {
    return {
      name: '',
      symbol: null,
      type: 'FLOAT',
      writable: false,
      timed: false,
      delta: '',
      seconds: '10',
      persist: true,
      min: '',
      max: '',
    };
  }
  const timed = property.update_strategy === 'TIMED';
  return {
    name: property.name,
    symbol: property.variable_name,
    type: property.type,
    writable: property.permission === 'READ_WRITE',
    timed,
    delta: timed ? '' : text(property.update_parameter || undefined),
    seconds: timed ? text(property.update_parameter) : '10',
    persist: property.persist,
    min: text(property.min_value),
    max: text(property.max_value),
  };
}

const numberOf = (/** @type {string} */ text) => (text.trim() === '' ? undefined : Number(text.trim().replace(',', '.')));
const isBad = (/** @type {string} */ text) => Number.isNaN(numberOf(text));

/** @param {Draft} draft @returns {Partial<Record<keyof Draft, string>>} */
function problems(draft) {
  /** @type {Partial<Record<keyof Draft, string>>} */
  const found = {};
  if (draft.symbol && !/^[A-Za-z_]\w{0,63}$/.test(draft.symbol)) found.symbol = t.sheet.symbolBad;
  if (draft.timed && !(Number(numberOf(draft.seconds)) > 0)) found.seconds = t.sheet.secondsBad;
  if (!draft.timed && isBad(draft.delta)) found.delta = t.sheet.numberBad;
  if (isBad(draft.min)) found.min = t.sheet.numberBad;
  if (isBad(draft.max)) found.max = t.sheet.numberBad;
  const [low, high] = [numberOf(draft.min), numberOf(draft.max)];
  if (low !== undefined && high !== undefined && low > high) found.max = t.sheet.rangeBad;
  return found;
}

/** @param {Draft} draft */
function bodyOf(draft) {
  const parameter = draft.timed ? numberOf(draft.seconds) : (numberOf(draft.delta) ?? 0);
  return {
    name: draft.name.trim(),
    variable_name: draft.symbol || symbolOf(draft.name.trim()),
    type: draft.type,
    permission: draft.writable ? 'READ_WRITE' : 'READ_ONLY',
    update_strategy: draft.timed ? 'TIMED' : 'ON_CHANGE',
    update_parameter: parameter,
    persist: draft.persist,
    min_value: numberOf(draft.min),
    max_value: numberOf(draft.max),
  };
}

/**
 * @param {object} props
 * @param {import('./thing-model.js').ThingView} props.thing
 * @param {PropertyType[]} props.types
 * @param {Property} [props.property]
 * @param {() => void} props.onClose
 * @param {() => unknown} props.onChange
 */
export function VariableSheet({ thing, types, property, onClose, onChange }) {
  const draft = useSignal(draftOf(property));
  const tried = useSignal(false);
  const busy = useSignal(false);
  const error = useSignal('');
  const set = (/** @type {Partial<Draft>} */ patch) => {
    draft.value = { ...draft.value, ...patch };
    error.value = '';
  };
  const retention = useRetention(property?.id);
  const now = draft.value;
  const wrong = problems(now);
  const shownWrong = tried.value ? wrong : {};
  const type = types.find((each) => each.type === now.type);
  const numeric = isNumeric(now.type);
  const unit = unitOf(now.type);

  const save = async (/** @type {boolean} */ another) => {
    tried.value = true;
    const days = retentionDays(retention.value);
    if (!now.name.trim() || Object.keys(wrong).length > 0 || (now.persist && days === undefined)) return;
    busy.value = true;
    error.value = '';
    const body = bodyOf(now);
    try {
      const kept = await (property
        ? iot('POST', `/v2/things/${thing.id}/properties/${property.id}`, { body })
        : iot('PUT', `/v2/things/${thing.id}/properties`, { body }));
      if (now.persist && retention.value.touched)
        await own('PUT', `variables/${kept.id}/retention`, { body: { days: days ?? null } });
      toast(property ? t.sheet.done : t.sheet.added, { kind: 'ok' });
      await onChange();
      if (another) {
        draft.value = { ...draftOf(undefined), type: now.type, writable: now.writable };
        tried.value = false;
      } else onClose();
    } catch (refused) {
      error.value = refused instanceof Error ? refused.message : String(refused);
    }
    busy.value = false;
  };
  return html`
    <${Sheet} open title=${property ? t.sheet.edit : t.sheet.add} onClose=${onClose} footer=${html`
      ${!property && html`<${Button} label=${t.sheet.again} disabled=${!now.name.trim() || busy.value} onClick=${() => save(true)} />`}
      <${Button} kind="primary" label=${property ? t.sheet.save : t.sheet.create} busy=${busy.value} disabled=${!now.name.trim()} onClick=${() => save(false)} />
    `}>
      <${Form} onSubmit=${() => save(false)} busy=${busy.value} error=${error.value}>
        <${Field} label=${t.sheet.name} hint=${t.sheet.nameHint} value=${now.name} required autofocus
          onInput=${(/** @type {string} */ name) => set({ name })} />
        <${Field} label=${t.sheet.symbol} mono value=${now.symbol ?? symbolOf(now.name).replace(/^_$/, '')} error=${shownWrong.symbol}
          hint=${property ? t.sheet.symbolWarn : t.sheet.symbolHint} onInput=${(/** @type {string} */ symbol) => set({ symbol: symbol || null })} />
        <${TypePicker} types=${types} value=${now.type} onPick=${(/** @type {PropertyType} */ picked) =>
          set({
            type: picked.type,
            writable: now.writable && picked.rw,
          })} />
        ${property && property.type !== now.type && html`<p class="thing-warn"><${Icon} name="triangle-alert" /> ${t.sheet.typeWarn}</p>`}
        <${Field} type="radio" label=${t.sheet.access} value=${now.writable ? 'rw' : 'ro'}
          onInput=${(/** @type {string} */ value) => set({ writable: value === 'rw' })} options=${[
            { value: 'ro', label: t.sheet.readOnly, hint: t.sheet.readOnlyHint },
            {
              value: 'rw',
              label: t.sheet.readWrite,
              hint: type && !type.rw ? t.sheet.sensor : t.sheet.readWriteHint,
              disabled: Boolean(type && !type.rw),
            },
          ]} />
        <${Field} type="radio" label=${t.sheet.policy} value=${now.timed ? 'timed' : 'change'}
          onInput=${(/** @type {string} */ value) => set({ timed: value === 'timed' })} options=${[
            { value: 'change', label: t.sheet.onChange },
            { value: 'timed', label: t.sheet.timed },
          ]} />
        ${
          now.timed
            ? html`
          <${Field} label=${t.sheet.seconds} unit=${t.sheet.secondsUnit} value=${now.seconds} error=${shownWrong.seconds}
            onInput=${(/** @type {string} */ seconds) => set({ seconds })} />
        `
            : numeric &&
              html`
          <${Field} label=${t.sheet.delta} hint=${t.sheet.deltaHint} unit=${unit} value=${now.delta} error=${shownWrong.delta}
            onInput=${(/** @type {string} */ delta) => set({ delta })} />
        `
        }
        ${
          numeric &&
          html`
          <div class="device-pair">
            <${Field} label=${t.sheet.min} unit=${unit} value=${now.min} error=${shownWrong.min} onInput=${(/** @type {string} */ min) => set({ min })} />
            <${Field} label=${t.sheet.max} unit=${unit} value=${now.max} error=${shownWrong.max} onInput=${(/** @type {string} */ max) => set({ max })} />
          </div>
        `
        }
        <${Field} type="switch" label=${t.sheet.persist} hint=${t.sheet.persistHint} value=${now.persist}
          onInput=${(/** @type {boolean} */ persist) => set({ persist })} />
        ${now.persist && html`<${Retention} rule=${retention} tried=${tried.value} />`}
      <//>
    <//>
  `;
}
