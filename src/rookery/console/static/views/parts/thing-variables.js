/** The variables of a thing: what each is, and what it is worth now. */
import { html, useMemo } from '../../html.js';
import { live } from '../../api/live.js';
import { Button, Menu, Panel, Table, Tag, Time, Value } from '../../ui/index.js';
import { unitOf } from '../../widgets/types.js';
import { t } from '../../strings/things.js';
import { typeLabel } from './thing-model.js';
import { canSet, PendingNote, Setter, useWrite } from './value-write.js';

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
  const columns = useMemo(() => [
    {
      key: 'name', label: t.variables.name,
      render: (/** @type {Property} */ row) => html`<span class="thing-name" title=${row.name}>${row.name}</span>
        ${row.variable_name !== row.name && html`<code class="thing-symbol">${row.variable_name}</code>`}`,
    },
    { key: 'value', label: t.variables.value, render: (/** @type {Property} */ row) => html`<${LiveCell} property=${row} signal=${values.get(row.id)} />` },
    {
      key: 'type', label: t.variables.type, hidePhone: true,
      render: (/** @type {Property} */ row) => html`<span title=${row.type}>${typeLabel(types, row.type)}</span>`,
    },
    {
      key: 'permission', label: t.variables.access, hidePhone: true,
      render: (/** @type {Property} */ row) => html`<${Tag} label=${t.variables.access_[row.permission]} kind=${row.permission === 'READ_WRITE' ? 'accent' : 'plain'} />`,
    },
    { key: 'policy', label: t.variables.policy, hidePhone: true, render: (/** @type {Property} */ row) => policyOf(row) },
    {
      key: 'persist', label: t.variables.keep, hidePhone: true,
      render: (/** @type {Property} */ row) => (row.persist ? t.variables.kept : html`<span class="devices-none">${t.variables.lastOnly}</span>`),
    },
    {
      key: 'menu', label: '', width: '48px', align: /** @type {'end'} */ ('end'),
      render: (/** @type {Property} */ row) => html`<${Menu} small name=${`${t.variables.menu}: ${row.name}`} items=${[
        { label: t.variables.edit, icon: 'pencil', onClick: () => onEdit(row) },
        { label: t.variables.chart, icon: 'chart-line', href: `/console/things/${thing.id}/history?v=${row.id}` },
        { label: t.variables.remove, icon: 'trash-2', danger: true, onClick: () => onRemove(row) },
      ]} />`,
    },
  ], [types, thing.id, values]);
  return html`
    <${Panel} flush title=${t.variables.title} calls=${calls}>
      <${Table} label=${t.variables.title} columns=${columns} rows=${rows} keyOf=${(/** @type {Property} */ row) => row.id}
        empty=${{
          sentence: t.variables.none, icon: 'braces', example: t.variables.example,
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

/** @param {{property: Property, signal: import('../../html.js').Signal<{value: any, at: number, fromBoard: boolean}>}} props */
function LiveCell({ property, signal }) {
  const stored = {
    value: property.last_value ?? null, at: property.value_updated_at ? Date.parse(property.value_updated_at) : 0, fromBoard: true,
  };
  const current = signal.value.at ? signal.value : stored;
  const { pending, write, forget } = useWrite(property, current);
  const shown = pending ? pending.value : current.value;
  return html`
    <span class=${`thing-value ${live.state.value === 'lost' ? 'device-stale' : ''}`}>
      <span class="thing-value-now">
        ${shown === null || shown === undefined ? html`<span class="devices-none">${t.variables.never}</span>`
          : html`<${Value} value=${shown} type=${property.type} unit=${unitOf(property.type)} />`}
        ${current.at > 0 && html`<small class="thing-age"><${Time} at=${current.at} /></small>`}
      </span>
      ${canSet(property) && html`<${Setter} property=${property} value=${shown} write=${write} />`}
      <${PendingNote} pending=${pending} write=${write} forget=${forget} />
    </span>
  `;
}
