/** The variables of a thing: what each is, and what it is worth now. */
import { html, useMemo } from '../../html.js';
import { live } from '../../api/live.js';
import { Button, Menu, Panel, Table, Tag, Time, Value } from '../../ui/index.js';
import { unitOf } from '../../widgets/types.js';
import { t } from '../../strings/things.js';
import { typeLabel } from './thing-model.js';
import { Before, canSet, currentOf, PendingNote, Setter, useWrite } from './value-write.js';

/** @typedef {import('./value-write.js').Property} Property */

/**
 * @param {object} props
 * @param {import('./thing-model.js').ThingView} props.thing
 * @param {import('./thing-model.js').PropertyType[]} props.types
 * @param {import('../../api/live.js').LiveThing} props.values
 * @param {import('../../api/rest.js').Call[]} props.calls
 * @param {() => void} props.onAdd
 * @param {(property: Property) => void} props.onEdit
 * @param {(property: Property) => void} props.onRemove
 */
export function Variables({ thing, types, values, calls, onAdd, onEdit, onRemove }) {
  const rows = thing.properties ?? [];
  const columns = useMemo(
    () => [
      {
        key: 'name',
        label: t.variables.name,
        render: (/** @type {Property} */ row) => html`<span class="thing-name" title=${row.name}>${row.name}</span>
        ${row.variable_name !== row.name && html`<code class="thing-symbol">${row.variable_name}</code>`}`,
      },
      {
        key: 'value',
        label: t.variables.value,
        render: (/** @type {Property} */ row) =>
          html`<${LiveCell} property=${row} signal=${values.get(row.id)} attached=${Boolean(thing.device_id)} />`,
      },
      {
        key: 'when',
        label: t.variables.when,
        hidePhone: true,
        width: '128px',
        render: (/** @type {Property} */ row) => html`<${Age} property=${row} signal=${values.get(row.id)} />`,
      },
      {
        key: 'type',
        label: t.variables.type,
        hidePhone: true,
        render: (/** @type {Property} */ row) =>
          html`<span class="thing-plain" title=${row.type}>${typeLabel(types, row.type)}</span>`,
      },
      {
        key: 'permission',
        label: t.variables.access,
        hidePhone: true,
        render: (/** @type {Property} */ row) =>
          row.permission === 'READ_WRITE'
            ? html`<${Tag} label=${t.variables.access_.READ_WRITE} />`
            : html`<span class="devices-none thing-plain">${t.variables.access_.READ_ONLY}</span>`,
      },
      {
        key: 'policy',
        label: t.variables.policy,
        hidePhone: true,
        render: (/** @type {Property} */ row) => html`<span class="thing-plain">${policyOf(row)}</span>`,
      },
      {
        key: 'persist',
        label: t.variables.keep,
        hidePhone: true,
        render: (/** @type {Property} */ row) =>
          row.persist ? t.variables.kept : html`<span class="devices-none">${t.variables.lastOnly}</span>`,
      },
      {
        key: 'menu',
        label: /** @type {any} */ (html`<span class="hidden">${t.variables.menu}</span>`),
        width: '48px',
        align: /** @type {'end'} */ ('end'),
        render: (/** @type {Property} */ row) =>
          html`<${Menu} small name=${`${t.variables.menu}: ${row.name}`} items=${[
            { label: t.variables.edit, icon: 'pencil', onClick: () => onEdit(row) },
            { label: t.variables.chart, icon: 'chart-line', href: `/console/things/${thing.id}/history?v=${row.id}` },
            { label: t.variables.remove, icon: 'trash-2', danger: true, onClick: () => onRemove(row) },
          ]} />`,
      },
    ],
    [types, thing.id, thing.device_id, values],
  );
  return html`
    <${Panel} flush title=${t.variables.title} calls=${calls}>
      <${Table} label=${t.variables.title} columns=${columns} rows=${rows} keyOf=${(/** @type {Property} */ row) => row.id}
        empty=${{
          sentence: t.variables.none,
          icon: 'braces',
          example: t.variables.example,
          action: html`<${Button} icon="plus" label=${t.variables.add} onClick=${onAdd} />`,
        }} />
    <//>
  `;
}

/** @param {Property} property */
function policyOf(property) {
  const parameter = property.update_parameter ?? 0;
  if (property.update_strategy === 'TIMED') return t.variables.every(String(parameter || 1));
  return parameter > 0 ? t.variables.onDelta(String(parameter)) : t.variables.onChange;
}

/** @typedef {import('./value-write.js').ValueSignal} ValueSignal */

/** @param {{property: Property, signal: ValueSignal}} props */
function Age({ property, signal }) {
  const { at } = currentOf(property, signal);
  return at > 0 ? html`<span class="thing-age"><${Time} at=${at} /></span>` : null;
}

/** @param {{property: Property, signal: ValueSignal, attached: boolean}} props */
function LiveCell({ property, signal, attached }) {
  const current = currentOf(property, signal);
  const { pending, write, forget } = useWrite(property, signal, attached);
  const shown = pending ? pending.value : current.value;
  return html`
    <span class=${`thing-value ${live.state.value === 'lost' ? 'device-stale' : ''}`}>
      <span class="thing-value-now">
        ${
          shown === null || shown === undefined
            ? html`<span class="devices-none">${t.variables.never}</span>`
            : html`<${Value} value=${shown} type=${property.type} unit=${unitOf(property.type)} />`
        }
        <${Before} property=${property} pending=${pending} />
      </span>
      ${canSet(property) && html`<${Setter} property=${property} value=${shown} write=${write} />`}
      <${PendingNote} pending=${pending} write=${write} forget=${forget} />
    </span>
  `;
}
