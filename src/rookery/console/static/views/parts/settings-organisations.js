import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { refresh } from '../../api/session.js';
import { setQuery } from '../../router.js';
import { Button, Field, Form, Panel, Sheet, Table, toast } from '../../ui/index.js';
import { Members } from './settings-members.js';
import t from '../../strings/settings.js';

/** @typedef {{id: string, name: string, slug: string | null, kind: string, role: keyof typeof t.roles, members: number}} Space */

/**
 * The organisations of the person; `?space=` opens the members of one.
 * @param {{query: Record<string, string>}} props
 */
export function Organisations({ query }) {
  const load = useLoad(
    async (api) => (await api.own('GET', 'spaces')).spaces.filter((/** @type {Space} */ space) => space.kind === 'organisation'),
    [],
  );
  const [making, setMaking] = useState(false);
  const chosen = (load.data ?? []).find((/** @type {Space} */ space) => space.id === query.space);
  const action = html`<${Button} kind="primary" icon="plus" label=${t.createOrganisation} onClick=${() => setMaking(true)} />`;
  return html`
    <${Panel} title=${t.organisations} line=${t.organisationsLine} actions=${action} calls=${load.calls} flush>
      <${Table}
        label=${t.organisations}
        load=${load}
        rows=${load.data ?? []}
        keyOf=${(/** @type {Space} */ space) => space.id}
        hrefOf=${(/** @type {Space} */ space) => `/console/settings/organisations?space=${space.id}`}
        empty=${{ icon: 'users', sentence: t.organisationsEmpty, example: t.organisationsExample }}
        columns=${[
          { key: 'name', label: t.organisation, render: (/** @type {Space} */ space) => space.name },
          { key: 'slug', label: t.slug, hidePhone: true, render: (/** @type {Space} */ space) => html`<code>${space.slug}</code>` },
          { key: 'role', label: t.role, render: (/** @type {Space} */ space) => t.roles[space.role].split(':')[0] },
          { key: 'members', label: t.members, align: 'end', render: (/** @type {Space} */ space) => space.members },
        ]}
      />
    <//>
    ${chosen && html`<${Members} key=${chosen.id} space=${chosen} onChange=${load.reload} onClose=${() => setQuery({ space: null })} />`}
    ${making &&
    html`<${Making}
      onClose=${() => setMaking(false)}
      onDone=${async (/** @type {string} */ id) => {
        setMaking(false);
        toast(t.saved);
        await refresh();
        load.reload();
        setQuery({ space: id });
      }}
    />`}
  `;
}

/** @param {{onClose: () => void, onDone: (id: string) => void}} props */
function Making({ onClose, onDone }) {
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      onDone((await own('POST', 'spaces', { body: { name } })).id);
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${t.createOrganisation} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field} label=${t.name} value=${name} onInput=${setName} name="name" required autofocus />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${t.createOrganisation} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
