import { html, useState } from '../../html.js';
import { useLoad, v1 } from '../../api/rest.js';
import { session } from '../../api/session.js';
import { Button, Dialog, Field, Form, Menu, Panel, Secret, Sheet, Table, Tag, toast } from '../../ui/index.js';
import t from '../../strings/products.js';

/**
 * @typedef {{_id: string, username: string, role?: {id: string, name: string}, no_mfa?: boolean, friendly_name?: string,
 *   is_programmatic?: boolean, scopes?: string[]}} Mate
 */
/** @typedef {{what: 'person' | 'program', mate: Mate | null}} Open */

const ROLES = Object.entries(t.roles).map(([value, label]) => ({ value, label }));

/**
 * The team of a product or of an organisation.
 * @param {{base: string}} props
 */
export function Team({ base }) {
  const load = useLoad(async (api) => (await api.v1('GET', `${base}/team`)).team, [base]);
  const [sheet, setSheet] = useState(/** @type {Open | null} */ (null));
  const [asked, setAsked] = useState(/** @type {Mate | null} */ (null));
  const [shown, setShown] = useState(/** @type {{name: string, token: string} | null} */ (null));
  const done = (/** @type {{name: string, token: string} | null} */ made) => {
    setSheet(null);
    if (made) setShown(made);
    else toast(t.teamSaved);
    load.reload();
  };
  /** @param {Promise<any>} doing */
  const act = async (doing) => {
    try {
      const told = await doing;
      const token = told?.updated?.tokens?.[0]?.token;
      setAsked(null);
      done(token ? { name: told.updated.username, token } : null);
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
    }
  };
  /** @param {Mate} mate */
  const path = (mate) => `${base}/team/${encodeURIComponent(mate.username)}`;
  /** @param {Mate} mate */
  const menu = (mate) => html`<${Menu}
    name=${t.more(mate.username)}
    items=${[
      { label: t.edit, icon: 'pencil', onClick: () => setSheet({ what: mate.is_programmatic ? 'program' : 'person', mate }) },
      ...(mate.is_programmatic
        ? [{ label: t.newToken, icon: 'refresh-cw', onClick: () => act(v1('PUT', `${path(mate)}/token`)) }]
        : []),
      { label: t.remove, icon: 'trash-2', danger: true, onClick: () => setAsked(mate) },
    ]}
  />`;
  const actions = html`
    <${Button} kind="plain" icon="bot" label=${t.createProgram} onClick=${() => setSheet({ what: 'program', mate: null })} />
    <${Button} kind="primary" icon="plus" label=${t.invite} onClick=${() => setSheet({ what: 'person', mate: null })} />
  `;
  return html`
    ${shown &&
    html`<${Secret}
      title=${t.programTokenTitle(shown.name)}
      entries=${[{ label: t.programToken, value: shown.token }]}
      fileName=${`rookery-${shown.name}`}
      onDone=${() => setShown(null)}
    />`}
    <${Panel} title=${t.team} line=${t.teamLine} actions=${actions} calls=${load.calls} flush>
      <${Table}
        label=${t.team}
        load=${load}
        rows=${load.data ?? []}
        keyOf=${(/** @type {Mate} */ mate) => mate._id}
        empty=${{ sentence: t.teamEmpty }}
        columns=${[
          {
            key: 'name',
            label: t.person,
            render: (/** @type {Mate} */ mate) =>
              html`${mate.friendly_name ?? mate.username}
              ${mate.username === session.value.person?.email && html` <${Tag} label=${t.you} />`}
              ${mate.is_programmatic && html` <${Tag} label=${t.programKind} />`}`,
          },
          {
            key: 'role',
            label: t.role,
            render: (/** @type {Mate} */ mate) => mate.role?.name ?? html`<code class="clip">${mate.scopes?.join(' ')}</code>`,
          },
          {
            key: 'mfa',
            label: t.mfa,
            hidePhone: true,
            render: (/** @type {Mate} */ mate) => (mate.is_programmatic ? '–' : mate.no_mfa ? t.no : t.yes),
          },
          { key: 'more', label: '', align: 'end', width: '48px', render: menu },
        ]}
      />
    <//>
    ${sheet?.what === 'person' && html`<${PersonSheet} base=${base} mate=${sheet.mate} onClose=${() => setSheet(null)} onDone=${done} />`}
    ${sheet?.what === 'program' && html`<${ProgramSheet} base=${base} mate=${sheet.mate} onClose=${() => setSheet(null)} onDone=${done} />`}
    ${asked &&
    html`<${Dialog}
      open
      danger
      title=${t.removeMateTitle(asked.friendly_name ?? asked.username)}
      confirmLabel=${t.remove}
      onConfirm=${() => act(v1('DELETE', path(asked)))}
      onClose=${() => setAsked(null)}
    >
      <p>${t.removeMateText}</p>
    <//>`}
  `;
}

/** @typedef {{base: string, mate: Mate | null, onClose: () => void, onDone: (made: {name: string, token: string} | null) => void}} SheetProps */

/** @param {SheetProps} props */
function PersonSheet({ base, mate, onClose, onDone }) {
  const [username, setUsername] = useState(mate?.username ?? '');
  const [role, setRole] = useState(mate?.role?.id ?? 'Developer');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      if (mate) await v1('POST', `${base}/team/${encodeURIComponent(mate.username)}`, { body: { role } });
      else await v1('POST', `${base}/team`, { body: { username, role } });
      onDone(null);
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${mate ? mate.username : t.invite} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      ${!mate &&
      html`<${Field} type="email" label=${t.person} hint=${t.inviteHint} value=${username} onInput=${setUsername} name="username" required autofocus />`}
      <${Field} type="radio" label=${t.role} value=${role} onInput=${setRole} options=${ROLES} name="role" />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${mate ? t.save : t.invite} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}

/** @param {SheetProps} props */
function ProgramSheet({ base, mate, onClose, onDone }) {
  const [name, setName] = useState(mate?.friendly_name ?? '');
  const [scopes, setScopes] = useState(mate?.scopes?.join(' ') ?? 'devices:list devices:get');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    const body = { friendly_name: name, scopes: scopes.split(/\s+/).filter(Boolean) };
    try {
      const told = await v1('POST', mate ? `${base}/team/${encodeURIComponent(mate.username)}` : `${base}/team`, { body });
      const made = told.created ?? told.updated;
      onDone(made?.tokens ? { name: made.username, token: made.tokens[0].token } : null);
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${mate ? (mate.friendly_name ?? mate.username) : t.createProgram} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field} label=${t.programName} value=${name} onInput=${setName} name="name" required autofocus />
      <${Field} type="textarea" label=${t.programScopes} hint=${t.programScopesHint} value=${scopes} onInput=${setScopes} name="scopes" rows=${4} mono required />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${mate ? t.save : t.createProgram} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
