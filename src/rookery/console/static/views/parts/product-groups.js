import { html, useState } from '../../html.js';
import { useLoad, v1 } from '../../api/rest.js';
import { Button, Dialog, Field, Form, Menu, Panel, Sheet, Table, toast } from '../../ui/index.js';
import t from '../../strings/products.js';

/** @typedef {{name: string, description: string, color: string, device_count: number}} Group */

/**
 * The groups of a product.
 * @param {{base: string, onChange: () => void}} props
 */
export function Groups({ base, onChange }) {
  const load = useLoad(async (api) => (await api.v1('GET', `${base}/groups`)).groups, [base]);
  const [sheet, setSheet] = useState(/** @type {{group: Group | null} | null} */ (null));
  const [asked, setAsked] = useState(/** @type {Group | null} */ (null));
  const [busy, setBusy] = useState(false);
  const changed = () => {
    load.reload();
    onChange();
  };
  const remove = async () => {
    if (!asked) return;
    setBusy(true);
    try {
      await v1('DELETE', `${base}/groups/${encodeURIComponent(asked.name)}`);
      toast(t.removed(asked.name));
      setAsked(null);
      changed();
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
    }
    setBusy(false);
  };
  const create = html`<${Button} kind="primary" icon="plus" label=${t.createGroup} onClick=${() => setSheet({ group: null })} />`;
  return html`<${Panel} title=${t.groups} line=${t.groupsLine} actions=${create} calls=${load.calls} flush>
      <${Table}
        label=${t.groups}
        load=${load}
        rows=${load.data ?? []}
        keyOf=${(/** @type {Group} */ group) => group.name}
        hrefOf=${(/** @type {Group} */ group) => `/console${base}?group=${encodeURIComponent(group.name)}`}
        empty=${{ icon: 'boxes', sentence: t.groupsEmpty, example: t.groupsExample }}
        columns=${[
          { key: 'name', label: t.groupName, render: (/** @type {Group} */ group) => group.name },
          { key: 'text', label: t.description, hidePhone: true, render: (/** @type {Group} */ group) => group.description },
          { key: 'count', label: t.count, align: 'end', render: (/** @type {Group} */ group) => group.device_count },
          {
            key: 'more',
            label: '',
            align: 'end',
            width: '48px',
            render: (/** @type {Group} */ group) =>
              html`<${Menu}
                name=${t.more(group.name)}
                items=${[
                  { label: t.edit, icon: 'pencil', onClick: () => setSheet({ group }) },
                  { label: t.remove, icon: 'trash-2', danger: true, onClick: () => setAsked(group) },
                ]}
              />`,
          },
        ]}
      />
    <//>
    ${sheet &&
    html`<${GroupSheet}
      base=${base}
      group=${sheet.group}
      onClose=${() => setSheet(null)}
      onDone=${() => {
        setSheet(null);
        toast(t.groupSaved);
        changed();
      }}
    />`}
    ${asked &&
    html`<${Dialog}
      open
      danger
      title=${t.deleteGroupTitle(asked.name)}
      confirmLabel=${t.remove}
      busy=${busy}
      onConfirm=${remove}
      onClose=${() => setAsked(null)}
    >
      <p>${t.deleteGroupText}</p>
    <//>`}`;
}

/** @param {{base: string, group: Group | null, onClose: () => void, onDone: () => void}} props */
function GroupSheet({ base, group, onClose, onDone }) {
  const [name, setName] = useState(group?.name ?? '');
  const [description, setDescription] = useState(group?.description ?? '');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    const path = group ? `${base}/groups/${encodeURIComponent(group.name)}` : `${base}/groups`;
    try {
      await v1(group ? 'PUT' : 'POST', path, { body: { name, description } });
      onDone();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${group ? t.edit : t.createGroup} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field} label=${t.groupName} hint=${t.groupNameHint} value=${name} onInput=${setName} name="name" required autofocus />
      <${Field} type="textarea" label=${t.description} value=${description} onInput=${setDescription} name="description" />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${group ? t.save : t.createGroup} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
