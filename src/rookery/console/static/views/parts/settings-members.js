import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { session } from '../../api/session.js';
import { Button, Dialog, Field, Form, IconButton, Panel, Sheet, Table, Tag, toast } from '../../ui/index.js';
import t from '../../strings/settings.js';

/** @typedef {{id: string, email: string, name: string, role: keyof typeof t.roles}} Member */

const ROLES = Object.entries(t.roles).map(([value, label]) => ({ value, label }));

/**
 * Who is in an organisation, with which role.
 * @param {{space: {id: string, name: string, role: string}, onChange: () => void, onClose: () => void}} props
 */
export function Members({ space, onChange, onClose }) {
  const load = useLoad(async (api) => (await api.own('GET', `spaces/${space.id}/members`)).members, [space.id]);
  const [sheet, setSheet] = useState(/** @type {{member: Member | null} | null} */ (null));
  const [asked, setAsked] = useState(/** @type {Member | null} */ (null));
  const may = space.role === 'owner' || space.role === 'admin';
  const changed = () => {
    setSheet(null);
    setAsked(null);
    load.reload();
    onChange();
  };
  const remove = async () => {
    if (!asked) return;
    try {
      await own('DELETE', `spaces/${space.id}/members/${asked.id}`);
      toast(t.removed(asked.email));
      changed();
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
    }
  };
  const actions = html`
    ${may && html`<${Button} kind="plain" icon="plus" label=${t.invite} onClick=${() => setSheet({ member: null })} />`}
    <${IconButton} icon="x" label=${t.cancel} onClick=${onClose} />
  `;
  return html`
    <${Panel} title=${t.membersOf(space.name)} actions=${actions} calls=${load.calls}>
      <${Table}
        label=${t.membersOf(space.name)}
        load=${load}
        rows=${load.data ?? []}
        keyOf=${(/** @type {Member} */ member) => member.id}
        empty=${{ sentence: t.peopleEmpty }}
        columns=${[
          {
            key: 'name',
            label: t.name,
            render: (/** @type {Member} */ member) =>
              html`${member.name} ${member.id === session.value.person?.id && html`<${Tag} label=${t.you} />`}`,
          },
          { key: 'email', label: t.email, hidePhone: true, render: (/** @type {Member} */ member) => member.email },
          { key: 'role', label: t.role, render: (/** @type {Member} */ member) => t.roles[member.role].split(':')[0] },
          {
            key: 'change',
            label: '',
            align: 'end',
            render: (/** @type {Member} */ member) =>
              may &&
              member.role !== 'owner' &&
              html`<${IconButton} icon="pencil" label=${t.role} onClick=${() => setSheet({ member })} />
                <${IconButton} icon="trash-2" label=${t.leaveTitle(member.email)} onClick=${() => setAsked(member)} />`,
          },
        ]}
      />
    <//>
    ${sheet && html`<${MemberSheet} space=${space} member=${sheet.member} onClose=${() => setSheet(null)} onDone=${changed} />`}
    ${asked &&
    html`<${Dialog}
      open
      danger
      title=${t.leaveTitle(asked.email)}
      confirmLabel=${t.remove}
      onConfirm=${remove}
      onClose=${() => setAsked(null)}
    >
      <p>${t.leaveText}</p>
    <//>`}
  `;
}

/** @param {{space: {id: string}, member: Member | null, onClose: () => void, onDone: () => void}} props */
function MemberSheet({ space, member, onClose, onDone }) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState(/** @type {string} */ (member?.role ?? 'editor'));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    const path = `spaces/${space.id}/members`;
    try {
      if (member) await own('PUT', `${path}/${member.id}`, { body: { role } });
      else await own('POST', path, { body: { email, role } });
      toast(t.saved);
      onDone();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${member ? member.email : t.invite} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      ${!member &&
      html`<${Field} type="email" label=${t.email} hint=${t.inviteHint} value=${email} onInput=${setEmail} name="email" required autofocus />`}
      <${Field} type="radio" label=${t.role} value=${role} onInput=${setRole} name="role" options=${ROLES.filter(({ value }) => value !== 'owner')} />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${member ? t.save : t.invite} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
