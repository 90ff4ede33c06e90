import { html, useState } from '../../html.js';
import { useLoad, v1 } from '../../api/rest.js';
import { Button, Dialog, Field, Form, Id, Menu, Panel, Secret, Sheet, Table, toast } from '../../ui/index.js';
import t from '../../strings/keys.js';

/** @typedef {{id: string, name: string, type: 'installed' | 'web', redirect_uri?: string, scope?: string}} Client */

/**
 * OAuth clients of a person, or of a product.
 * @param {{base?: string}} props `base` is the path under which /v1 has them, such as `/products/7`.
 */
export function Clients({ base = '' }) {
  const load = useLoad(async (api) => (await api.v1('GET', `${base}/clients`)).clients, [base]);
  const [sheet, setSheet] = useState(/** @type {{client: Client | null} | null} */ (null));
  const [asked, setAsked] = useState(/** @type {Client | null} */ (null));
  const [shown, setShown] = useState(/** @type {(Client & {secret: string}) | null} */ (null));
  /** @param {Client} client */
  const menu = (client) => html`<${Menu}
    name=${t.more(client.name)}
    items=${[
      { label: t.edit, icon: 'pencil', onClick: () => setSheet({ client }) },
      { label: t.remove, icon: 'trash-2', danger: true, onClick: () => setAsked(client) },
    ]}
  />`;
  const create = html`<${Button} kind="primary" icon="plus" label=${t.createClient} onClick=${() => setSheet({ client: null })} />`;
  return html`
    ${shown &&
    html`<${Secret}
      title=${t.secretTitle(shown.name)}
      entries=${[
        { label: t.id, value: shown.id },
        { label: t.secret, value: shown.secret },
      ]}
      fileName=${`rookery-client-${shown.id}`}
      onDone=${() => setShown(null)}
    />`}
    <${Panel} title=${t.clients} line=${base ? undefined : t.clientsLine} actions=${create} calls=${load.calls} flush>
      <${Table}
        label=${t.clients}
        load=${load}
        rows=${load.data ?? []}
        keyOf=${(/** @type {Client} */ client) => client.id}
        empty=${{ icon: 'smartphone', sentence: t.clientsEmpty, example: t.clientsExample }}
        columns=${[
          { key: 'name', label: t.clientName, render: (/** @type {Client} */ client) => client.name },
          { key: 'id', label: t.id, render: (/** @type {Client} */ client) => html`<${Id} id=${client.id} />` },
          {
            key: 'type',
            label: t.clientType,
            render: (/** @type {Client} */ client) => (client.type === 'web' ? t.webShort : t.installedShort),
          },
          { key: 'scope', label: t.scope, hidePhone: true, render: (/** @type {Client} */ client) => client.scope ?? t.noLimit },
          { key: 'more', label: '', align: 'end', width: '48px', render: menu },
        ]}
      />
    <//>
    ${sheet &&
    html`<${ClientSheet}
      base=${base}
      client=${sheet.client}
      onClose=${() => setSheet(null)}
      onDone=${(/** @type {(Client & {secret: string}) | null} */ made) => {
        setSheet(null);
        if (made) setShown(made);
        else toast(t.clientChanged);
        load.reload();
      }}
    />`}
    ${asked && html`<${Deleting} base=${base} client=${asked} onClose=${() => setAsked(null)} onDone=${load.reload} />`}
  `;
}

/** @param {{base: string, client: Client | null, onClose: () => void, onDone: (made: any) => void}} props */
function ClientSheet({ base, client, onClose, onDone }) {
  const [fields, setFields] = useState({
    name: client?.name ?? '',
    type: client?.type ?? 'installed',
    redirect_uri: client?.redirect_uri ?? '',
    scope: client?.scope ?? '',
  });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  /** @param {string} name */
  const set = (name) => (/** @type {string} */ value) => setFields({ ...fields, [name]: value });
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      if (client) {
        // The word `none` takes a limit off.
        const body = { name: fields.name, scope: fields.scope.trim() || 'none' };
        await v1('PUT', `${base}/clients/${client.id}`, { body });
        onDone(null);
      } else {
        const { redirect_uri, scope, ...body } = fields;
        const more = { ...(fields.type === 'web' && { redirect_uri }), ...(scope.trim() && { scope: scope.trim() }) };
        onDone((await v1('POST', `${base}/clients`, { body: { ...body, ...more } })).client);
      }
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${client ? t.edit : t.createClient} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field} label=${t.clientName} value=${fields.name} onInput=${set('name')} name="name" required autofocus />
      ${!client &&
      html`<${Field}
        type="radio"
        label=${t.clientType}
        value=${fields.type}
        onInput=${set('type')}
        name="type"
        options=${[
          { value: 'installed', label: t.installed },
          { value: 'web', label: t.web },
        ]}
      />`}
      ${!client &&
      fields.type === 'web' &&
      html`<${Field}
        label=${t.redirect}
        hint=${t.redirectHint}
        value=${fields.redirect_uri}
        onInput=${set('redirect_uri')}
        name="redirect"
        required
      />`}
      <${Field} label=${t.scope} hint=${t.scopeHint} value=${fields.scope} onInput=${set('scope')} name="scope" mono />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${client ? t.save : t.createClient} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}

/** @param {{base: string, client: Client, onClose: () => void, onDone: () => void}} props */
function Deleting({ base, client, onClose, onDone }) {
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      await v1('DELETE', `${base}/clients/${client.id}`);
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
      setBusy(false);
      return;
    }
    toast(t.deleted(client.name));
    onClose();
    onDone();
  };
  return html`<${Dialog}
    open
    danger
    title=${t.deleteClientTitle(client.name)}
    confirmLabel=${t.remove}
    mustType=${client.name}
    busy=${busy}
    onConfirm=${act}
    onClose=${onClose}
  >
    <p>${t.deleteClientText}</p>
  <//>`;
}
