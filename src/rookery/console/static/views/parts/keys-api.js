import { html, useState } from '../../html.js';
import { iot, useLoad } from '../../api/rest.js';
import { Button, Dialog, Field, Form, Id, Menu, Panel, Secret, Sheet, Table, Tag, Time, toast } from '../../ui/index.js';
import t from '../../strings/keys.js';

/** @typedef {{id: string, name: string, enabled: boolean, created_at: string, last_used_at?: string}} Key */

const NAME = /^[a-zA-Z0-9_.@-]+$/;

/** The API keys: id and secret, traded for short-lived tokens. */
export function ApiKeys() {
  const load = useLoad(async (api) => api.iot('GET', '/v1/clients'), []);
  const [sheet, setSheet] = useState(/** @type {{key: Key | null} | null} */ (null));
  const [asked, setAsked] = useState(/** @type {{what: 'off' | 'rotate' | 'delete', key: Key} | null} */ (null));
  const [shown, setShown] = useState(/** @type {{id: string, name: string, secret: string} | null} */ (null));

  /** @param {Key} key @param {boolean} enabled */
  const turn = async (key, enabled) => {
    await iot('POST', `/v1/clients/${key.id}`, { body: { enabled } });
    toast(enabled ? t.turnedOn(key.name) : t.turnedOff(key.name));
    load.reload();
  };

  /** @param {Key} key */
  const menu = (key) => html`<${Menu}
    name=${t.more(key.name)}
    items=${[
      { label: t.rename, icon: 'pencil', onClick: () => setSheet({ key }) },
      key.enabled
        ? { label: t.turnOff, icon: 'power', onClick: () => setAsked({ what: 'off', key }) }
        : { label: t.turnOn, icon: 'power', onClick: () => tell(turn(key, true)) },
      { label: t.newSecret, icon: 'refresh-cw', onClick: () => setAsked({ what: 'rotate', key }) },
      { label: t.remove, icon: 'trash-2', danger: true, onClick: () => setAsked({ what: 'delete', key }) },
    ]}
  />`;

  const create = html`<${Button} kind="primary" icon="plus" label=${t.createKey} onClick=${() => setSheet({ key: null })} />`;
  return html`
    ${shown &&
    html`<${Secret}
      title=${t.secretTitle(shown.name)}
      entries=${[
        { label: t.id, value: shown.id },
        { label: t.secret, value: shown.secret },
      ]}
      fileName=${`rookery-key-${shown.name}`}
      onDone=${() => setShown(null)}
    />`}
    <${Panel} title=${t.apiKeys} line=${t.keysLine} actions=${create} calls=${load.calls} flush>
      <${Table}
        label=${t.apiKeys}
        load=${load}
        rows=${load.data ?? []}
        keyOf=${(/** @type {Key} */ key) => key.id}
        empty=${{ icon: 'key-round', sentence: t.keysEmpty, example: t.keysExample }}
        columns=${[
          { key: 'name', label: t.keyName, render: (/** @type {Key} */ key) => key.name },
          { key: 'id', label: t.id, hidePhone: true, render: (/** @type {Key} */ key) => html`<${Id} id=${key.id} />` },
          {
            key: 'state',
            label: t.state,
            render: (/** @type {Key} */ key) =>
              html`<${Tag} label=${key.enabled ? t.on : t.off} kind=${key.enabled ? 'ok' : 'warning'} />`,
          },
          {
            key: 'created',
            label: t.created,
            hidePhone: true,
            render: (/** @type {Key} */ key) => html`<${Time} at=${Date.parse(key.created_at)} />`,
          },
          {
            key: 'used',
            label: t.lastUsed,
            render: (/** @type {Key} */ key) =>
              key.last_used_at ? html`<${Time} at=${Date.parse(key.last_used_at)} />` : t.never,
          },
          { key: 'more', label: '', align: 'end', width: '48px', render: menu },
        ]}
      />
    <//>
    ${sheet &&
    html`<${NameSheet}
      subject=${sheet.key}
      onClose=${() => setSheet(null)}
      onDone=${(/** @type {{id: string, name: string, secret: string} | null} */ made) => {
        setSheet(null);
        if (made) setShown(made);
        else toast(t.renamed);
        load.reload();
      }}
    />`}
    ${asked &&
    html`<${Asking}
      what=${asked.what}
      subject=${asked.key}
      onClose=${() => setAsked(null)}
      onDone=${(/** @type {{id: string, name: string, secret: string} | null} */ made) => {
        if (made) setShown(made);
        setAsked(null);
        load.reload();
      }}
    />`}
  `;
}

/**
 * The name of a new key, or another one for a key.
 * @param {{subject: Key | null, onClose: () => void, onDone: (made: any) => void}} props
 */
function NameSheet({ subject, onClose, onDone }) {
  const [name, setName] = useState(subject?.name ?? '');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const wrong = name !== '' && !NAME.test(name) ? t.keyNameWrong : undefined;
  const submit = async () => {
    if (wrong) return;
    setBusy(true);
    setError(null);
    try {
      if (subject) await iot('PATCH', `/v1/clients/${subject.id}`, { body: { name } });
      onDone(subject ? null : await iot('PUT', '/v1/clients', { body: { name } }));
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${subject ? t.rename : t.createKey} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field}
        label=${t.keyName}
        hint=${t.keyNameHint}
        error=${wrong}
        value=${name}
        onInput=${setName}
        name="name"
        required
        autofocus
      />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${subject ? t.save : t.createKey} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}

/**
 * Asks before something that programs will feel.
 * @param {{what: 'off' | 'rotate' | 'delete', subject: Key, onClose: () => void, onDone: (made: any) => void}} props
 */
function Asking({ what, subject: key, onClose, onDone }) {
  const [busy, setBusy] = useState(false);
  const words = {
    off: { title: t.turnOffTitle(key.name), text: t.turnOffText, label: t.turnOff },
    rotate: { title: t.rotateTitle(key.name), text: t.rotateText, label: t.rotate },
    delete: { title: t.deleteKeyTitle(key.name), text: t.deleteKeyText, label: t.remove },
  }[what];
  const act = async () => {
    setBusy(true);
    try {
      if (what === 'off') {
        await iot('POST', `/v1/clients/${key.id}`, { body: { enabled: false } });
        toast(t.turnedOff(key.name));
        onDone(null);
      } else if (what === 'rotate') {
        onDone(await iot('POST', `/v1/clients/${key.id}/secret`));
      } else {
        await iot('DELETE', `/v1/clients/${key.id}`);
        toast(t.deleted(key.name));
        onDone(null);
      }
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
      setBusy(false);
    }
  };
  return html`<${Dialog}
    open
    title=${words.title}
    confirmLabel=${words.label}
    danger
    mustType=${what === 'delete' ? key.name : undefined}
    busy=${busy}
    onConfirm=${act}
    onClose=${onClose}
  >
    <p>${words.text}</p>
  <//>`;
}

/** Says an error of something that was begun without a form. @param {Promise<void>} done */
function tell(done) {
  done.catch((caught) => toast(caught.message, { kind: 'error' }));
}
