/** Fields that the settings of several kinds have in common. `onChange(patch)` merges; undefined takes a key away. */
import { html, useId, useState } from '../../html.js';
import words from '../../strings/widgets.js';
import { Button, Field, Icon, IconButton } from '../../ui/index.js';
import { number } from './fits.js';
import { iconOf } from './icons.js';
import { thresholdsOf, toneOf, TONES } from './tones.js';

/** @typedef {import('./contract.js').Bound} Bound */
/** @typedef {{options: any, onChange: (patch: Record<string, any>) => void}} Fields */

const t = words.settings;

/** Text of a field to a number option: nothing is no option. @param {string} text */
const optional = (text) => (text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text));

/** A number that may be left out. @param {{label: string, hint?: string, name: string, options: any, onChange: Fields['onChange'], min?: number, max?: number, step?: number, placeholder?: string, error?: string|null}} props */
export function NumberOption({ label, hint, name, options, onChange, min, max, step, placeholder, error }) {
  const [text, setText] = useState(/** @type {string|null} */ (null));
  const shown = text !== null && optional(text) === options[name] ? text : (options[name] ?? '');
  return html`<${Field}
    label=${label}
    hint=${hint}
    error=${error}
    type="number"
    value=${String(shown)}
    min=${min}
    max=${max}
    step=${step}
    placeholder=${placeholder}
    onInput=${(/** @type {string} */ next) => {
      setText(next);
      onChange({ [name]: optional(next) });
    }}
  />`;
}

/** Lowest, highest, step. @param {Fields & {step?: boolean, optional?: boolean}} props */
export function RangeFields({ options, onChange, step }) {
  const wrong = number(options.min, -Infinity) >= number(options.max, Infinity);
  return html`<div class="w-set-row">
      <${NumberOption}
        label=${t.least}
        name="min"
        options=${options}
        onChange=${onChange}
        error=${wrong ? t.minMax : null}
      />
      <${NumberOption} label=${t.most} name="max" options=${options} onChange=${onChange} />
    </div>
    ${step && html`<${NumberOption} label=${t.step} name="step" options=${options} onChange=${onChange} min=${0} placeholder=${t.auto} />`}`;
}

/** Digits, and the unit where it can be another. @param {Fields & {variables?: Bound[]}} props */
export function NumberFields({ options, onChange, variables }) {
  return html`<div class="w-set-row">
    <${Field}
      label=${t.decimals}
      type="select"
      value=${String(options.decimals ?? '')}
      onInput=${(/** @type {string} */ text) => onChange({ decimals: optional(text) })}
      options=${[{ value: '', label: t.auto }, ...[0, 1, 2, 3, 4, 5, 6].map((digits) => ({ value: String(digits), label: String(digits) }))]}
    />
    ${
      variables &&
      html`<${Field}
        label=${t.unit}
        value=${options.unit ?? variables[0]?.unit ?? ''}
        onInput=${(/** @type {string} */ unit) => onChange({ unit })}
      />`
    }
  </div>`;
}

/** Labels of the two states. @param {Fields} props */
export function LabelFields({ options, onChange }) {
  return html`<${Field}
      label=${t.showLabels}
      type="switch"
      value=${Boolean(options.showLabels)}
      onInput=${(/** @type {boolean} */ showLabels) => onChange({ showLabels })}
    />
    ${
      options.showLabels &&
      html`<div class="w-set-row">
        <${Field}
          label=${t.labelOn}
          value=${options.labelOn ?? ''}
          placeholder=${words.states.on}
          onInput=${(/** @type {string} */ text) => onChange({ labelOn: text || undefined })}
        />
        <${Field}
          label=${t.labelOff}
          value=${options.labelOff ?? ''}
          placeholder=${words.states.off}
          onInput=${(/** @type {string} */ text) => onChange({ labelOff: text || undefined })}
        />
      </div>`
    }`;
}

/** A colour by name, seen as it is. @param {{label: string, value: string, onChange: (tone: string) => void, small?: boolean}} props */
export function ToneField({ label, value, onChange, small }) {
  const name = useId();
  return html`<fieldset class=${`w-tones ${small ? 'is-small' : ''}`}>
    <legend class=${small ? 'hidden' : ''}>${label}</legend>
    ${TONES.map(
      (tone) =>
        html`<label class="w-tone" key=${tone} title=${t.tones[tone]} style=${{ '--tone': toneOf(tone) }}>
          <input
            type="radio"
            name=${name}
            value=${tone}
            checked=${tone === value}
            aria-label=${t.tones[tone]}
            onChange=${() => onChange(tone)}
          /><span></span>
        </label>`,
    )}
  </fieldset>`;
}

/** @param {{label: string, value?: string, onChange: (icon: string|undefined) => void}} props */
export function IconField({ label, value, onChange }) {
  return html`<div class="w-icon-field">
    <span class="w-icon-shown"><${Icon} name=${iconOf(value) || 'circle-dashed'} size=${20} /></span>
    <${Field}
      label=${label}
      type="select"
      value=${value ?? ''}
      options=${Object.entries(t.icons).map(([name, text]) => ({ value: name, label: text }))}
      onInput=${(/** @type {string} */ icon) => onChange(icon || undefined)}
    />
  </div>`;
}

/** Colours that begin at values. @param {Fields} props */
export function ThresholdFields({ options, onChange }) {
  const all = Array.isArray(options.thresholds) ? options.thresholds : [];
  /** @param {any[]} next */
  const save = (next) => onChange({ thresholds: next.length ? next : undefined });
  /** @param {number} at @param {any} patch */
  const put = (at, patch) =>
    save(all.map((/** @type {any} */ one, /** @type {number} */ place) => (place === at ? { ...one, ...patch } : one)));
  const add = () => {
    const known = thresholdsOf(all);
    const last = known[known.length - 1]?.value ?? number(options.min, 0);
    save([
      ...all,
      {
        value: known.length ? Math.round((last + number(options.max, 100)) / 2) : last,
        color: ['moss', 'amber', 'rose'][Math.min(all.length, 2)],
      },
    ]);
  };
  return html`<fieldset class="w-list-field">
    <legend>${t.thresholds}</legend>
    ${all.map(
      (/** @type {any} */ one, /** @type {number} */ at) =>
        html`<div class="w-list-row is-toned" key=${at}>
          <${Field}
            label=${t.from}
            type="number"
            value=${String(one.value ?? '')}
            onInput=${(/** @type {string} */ text) => put(at, { value: optional(text) })}
          />
          <${ToneField}
            label=${t.colour}
            value=${one.color}
            small
            onChange=${(/** @type {string} */ color) => put(at, { color })}
          />
          <${IconButton}
            icon="trash-2"
            label=${t.remove}
            small
            onClick=${() => save(all.filter((/** @type {any} */ _, /** @type {number} */ place) => place !== at))}
          />
        </div>`,
    )}
    <${Button} label=${t.addThreshold} icon="plus" small onClick=${add} />
  </fieldset>`;
}

/** The values one may choose from, each with its label. @param {Fields & {numeric: boolean}} props */
export function ChoiceFields({ options, onChange, numeric }) {
  const all = Array.isArray(options.values) ? options.values : [];
  /** @param {any[]} values */
  const save = (values) => onChange({ values });
  /** @param {number} at @param {any} patch */
  const put = (at, patch) =>
    save(all.map((/** @type {any} */ one, /** @type {number} */ place) => (place === at ? { ...one, ...patch } : one)));
  return html`<fieldset class="w-list-field">
    <legend>${t.values}</legend>
    ${all.map(
      (/** @type {any} */ one, /** @type {number} */ at) =>
        html`<div class="w-list-row" key=${at}>
          <${Field}
            label=${t.value}
            type=${numeric ? 'number' : 'text'}
            value=${String(one.value ?? '')}
            onInput=${(/** @type {string} */ text) => put(at, { value: numeric ? optional(text) : text })}
          />
          <${Field}
            label=${t.label}
            value=${one.label ?? ''}
            onInput=${(/** @type {string} */ label) => put(at, { label })}
          />
          <${IconButton}
            icon="trash-2"
            label=${t.remove}
            small
            onClick=${() => save(all.filter((/** @type {any} */ _, /** @type {number} */ place) => place !== at))}
          />
        </div>`,
    )}
    <${Button}
      label=${t.addValue}
      icon="plus"
      small
      onClick=${() => save([...all, { value: numeric ? all.length : '', label: '' }])}
    />
  </fieldset>`;
}
