/** One thing: its variables as they are now, their history, the code for the sketch, and its details. */
import { html, useSignal } from '../html.js';
import { style } from '../style.js';
import { iot, useLoad } from '../api/rest.js';
import { useThing } from '../api/live.js';
import { Button, ErrorBox, Icon, Menu, Page, saveFile, Skeleton, Tabs, toast } from '../ui/index.js';
import { t } from '../strings/things.js';
import { propertyTypes } from './parts/thing-model.js';
import { Variables } from './parts/thing-variables.js';
import { VariableSheet } from './parts/thing-variable-sheet.js';
import { History } from './parts/thing-history.js';
import { Sketch } from './parts/thing-sketch.js';
import { Details } from './parts/thing-details.js';
import { AttachBoard } from './parts/attach-board.js';
import { Clone, RemoveThing, RemoveVariable, RenameThing } from './parts/thing-changes.js';

/** @typedef {import('./parts/thing-model.js').ThingView} ThingView */
/** @typedef {import('./parts/thing-model.js').PropertyType} PropertyType */
/** @typedef {import('./parts/value-write.js').Property} Property */

await style('devices');
await style('connect');

export const title = t.title;

/** @param {{params: Record<string, string>, query: Record<string, string>}} props */
export default function ThingPage({ params, query }) {
  const values = useThing(params.id);
  const load = useLoad(
    async (api) => {
      const [thing, types] = await Promise.all([api.iot('GET', `/v2/things/${params.id}`), propertyTypes(api.iot)]);
      return { thing: /** @type {ThingView} */ (thing), types };
    },
    [params.id, values.changed.value],
  );
  const back = { href: '/console/things', label: t.back };
  const data = load.data?.thing.id === params.id ? load.data : undefined;
  if (!data) {
    return html`
      <${Page} title=${t.title} back=${back}>
        ${
          load.state === 'error'
            ? html`<${ErrorBox} error=${load.error?.status === 404 ? t.missing : load.error} retry=${load.reload} />`
            : html`<${Skeleton} rows=${6} />`
        }
      <//>
    `;
  }
  return html`<${Loaded} thing=${data.thing} types=${data.types} load=${load} values=${values} tab=${params.tab ?? 'variables'}
    query=${query} back=${back} />`;
}

/** @typedef {{what: 'add'|'rename'|'clone'|'remove'|'board'} | {what: 'edit'|'removeVariable', property: Property}} Open */

/**
 * @param {object} props
 * @param {ThingView} props.thing
 * @param {PropertyType[]} props.types
 * @param {import('../api/rest.js').Load<any>} props.load
 * @param {import('../api/live.js').LiveThing} props.values
 * @param {string} props.tab
 * @param {Record<string, string>} props.query
 * @param {{href: string, label: string}} props.back
 */
function Loaded({ thing, types, load, values, tab, query, back }) {
  const open = useSignal(/** @type {Open|null} */ (null));
  const close = () => {
    open.value = null;
  };
  const show = (/** @type {'add'|'rename'|'clone'|'remove'|'board'} */ what) => () => {
    open.value = { what };
  };
  const properties = thing.properties ?? [];
  const shared = { thing, onClose: close, onChange: load.reload };
  const base = `/console/things/${thing.id}`;
  const tabs = [
    { id: 'variables', label: t.tabs.variables, href: base, count: properties.length },
    { id: 'history', label: t.tabs.history, href: `${base}/history` },
    { id: 'sketch', label: t.tabs.sketch, href: `${base}/sketch` },
    { id: 'details', label: t.tabs.setup, href: `${base}/details` },
  ];
  const line = thing.device_id
    ? html`<${Icon} name="cpu" size=${14} /> ${t.head.fedBy} <a href=${`/console/devices/${thing.device_id}`}>${thing.device_name || thing.device_id}</a>`
    : html`${t.head.noBoard} · <button type="button" class="thing-attach" onClick=${show('board')}>${t.head.attach}</button>`;
  const items = [
    { label: t.menu.board, icon: 'link', onClick: show('board') },
    thing.device_id && { label: t.menu.detach, icon: 'unlink', onClick: () => detach(thing, load.reload) },
    { label: t.menu.rename, icon: 'pencil', onClick: show('rename') },
    { label: t.menu.clone, icon: 'copy-plus', onClick: show('clone') },
    { label: t.menu.template, icon: 'download', onClick: () => template(thing) },
    { label: '', separator: true },
    { label: t.menu.remove, icon: 'trash-2', danger: true, onClick: show('remove') },
  ];
  const what = open.value;
  return html`
    <${Page} title=${thing.name} line=${line} back=${back} action=${html`
      <span class="device-actions">
        <${Menu} label=${t.menu.label} items=${items} />
        <${Button} kind="primary" icon="plus" label=${t.variables.add} onClick=${show('add')} />
      </span>
    `}>
      <div class="device">
        <${Tabs} label=${t.tabs.label} tabs=${tabs} current=${tab} />
        ${load.state === 'error' && html`<${ErrorBox} error=${load.error} retry=${load.reload} />`}
        ${
          tab === 'history'
            ? html`<${History} thing=${thing} values=${values} query=${query} />`
            : tab === 'sketch'
              ? html`<${Sketch} thing=${thing} types=${types} onAdd=${show('add')} />`
              : tab === 'details'
                ? html`<${Details} thing=${thing} onChange=${load.reload} />`
                : html`<${Variables} thing=${thing} types=${types} values=${values} calls=${load.calls} onAdd=${show('add')}
                  onEdit=${(/** @type {Property} */ property) => {
                    open.value = { what: 'edit', property };
                  }}
                  onRemove=${(/** @type {Property} */ property) => {
                    open.value = { what: 'removeVariable', property };
                  }} />`
        }
      </div>
      ${what?.what === 'add' && html`<${VariableSheet} ...${shared} types=${types} />`}
      ${what?.what === 'edit' && html`<${VariableSheet} ...${shared} types=${types} property=${what.property} />`}
      ${what?.what === 'removeVariable' && html`<${RemoveVariable} ...${shared} property=${what.property} />`}
      ${what?.what === 'rename' && html`<${RenameThing} ...${shared} />`}
      ${what?.what === 'clone' && html`<${Clone} ...${shared} />`}
      ${what?.what === 'remove' && html`<${RemoveThing} ...${shared} />`}
      ${what?.what === 'board' && html`<${AttachBoard} ...${shared} />`}
    <//>
  `;
}

/** @param {ThingView} thing @param {() => unknown} onChange */
async function detach(thing, onChange) {
  try {
    await iot('POST', `/v2/things/${thing.id}`, { body: { device_id: null } });
    toast(t.detach.done, { kind: 'ok' });
    void onChange();
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), { kind: 'error' });
  }
}

/** @param {ThingView} thing */
async function template(thing) {
  try {
    const told = await iot('GET', `/v2/things/${thing.id}/template`);
    saveFile(`${thing.name.replace(/\s+/g, '-')}.template.json`, `${JSON.stringify(told, null, 2)}\n`, 'application/json');
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), { kind: 'error' });
  }
}
