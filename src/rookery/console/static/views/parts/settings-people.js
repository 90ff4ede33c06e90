import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { session } from '../../api/session.js';
import { Button, Dialog, Field, Form, Menu, Panel, Secret, Sheet, Table, Tag, Time, toast } from '../../ui/index.js';
import t from '../../strings/settings.js';

/** @typedef {{id: string, email: string, name: string, operator: boolean, created: number, has_password: boolean, mfa: boolean}} Person */

/** Everybody with an account here, for those who run the server. */
export function People() {
  const load = useLoad(async (api) => (await api.own('GET', 'people')).people, []);
  const [making, setMaking] = useState(false);
  const [asked, setAsked] = useState(/** @type {Person | null} */ (null));
  const [shown, setShown] = useState(/** @type {{email: string, link: string} | null} */ (null));
  /** @param {() => Promise<void>} doing */
  const act = async (doing) => {
    try {
      await doing();
      load.reload();
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
    }
  };
  /** @param {Person} person */
  const menu = (person) => {
    const me = person.id === session.value.person?.id;
    return html`<${Menu}
      name=${t.more(person.email)}
      items=${[
        {
          label: t.newLink,
          icon: 'link',
          onClick: () =>
            act(async () => setShown({ email: person.email, link: (await own('POST', `people/${person.id}/link`)).link })),
        },
        ...(me
          ? []
          : [
              {
                label: person.operator ? t.noOperator : t.makeOperator,
                icon: 'shield-check',
                onClick: () =>
                  act(async () => own('PUT', `people/${person.id}`, { body: { operator: !person.operator } })),
              },
              { label: t.removePerson, icon: 'trash-2', danger: true, onClick: () => setAsked(person) },
            ]),
      ]}
    />`;
  };
  const action = html`<${Button} kind="primary" icon="plus" label=${t.addPerson} onClick=${() => setMaking(true)} />`;
  return html`
    ${shown &&
    html`<${Secret}
      title=${t.linkTitle(shown.email)}
      entries=${[{ label: t.link, value: shown.link }]}
      fileName="rookery-link"
      onDone=${() => setShown(null)}
    />`}
    <${Panel} title=${t.people} line=${t.peopleLine} actions=${action} calls=${load.calls} flush>
      <${Table}
        label=${t.people}
        load=${load}
        rows=${load.data ?? []}
        keyOf=${(/** @type {Person} */ person) => person.id}
        empty=${{ sentence: t.peopleEmpty }}
        columns=${[
          {
            key: 'name',
            label: t.name,
            render: (/** @type {Person} */ person) =>
              html`${person.name}
              ${person.id === session.value.person?.id && html` <${Tag} label=${t.you} />`}
              ${person.operator && html` <${Tag} label=${t.operator} kind="ok" />`}
              ${!person.has_password && html` <${Tag} label=${t.waiting} kind="warning" />`}`,
          },
          { key: 'email', label: t.email, hidePhone: true, render: (/** @type {Person} */ person) => person.email },
          { key: 'mfa', label: t.mfa, hidePhone: true, render: (/** @type {Person} */ person) => (person.mfa ? t.yes : t.no) },
          {
            key: 'created',
            label: t.joined,
            hidePhone: true,
            render: (/** @type {Person} */ person) => html`<${Time} at=${person.created} />`,
          },
          { key: 'more', label: '', align: 'end', width: '48px', render: menu },
        ]}
      />
    <//>
    ${making &&
    html`<${Adding}
      onClose=${() => setMaking(false)}
      onDone=${(/** @type {{email: string, link: string}} */ made) => {
        setMaking(false);
        setShown(made);
        load.reload();
      }}
    />`}
    ${asked &&
    html`<${Removing}
      person=${asked}
      onClose=${() => setAsked(null)}
      onDone=${() => {
        setAsked(null);
        toast(t.removed(asked.email));
        load.reload();
      }}
    />`}
  `;
}

/** @param {{onClose: () => void, onDone: (made: {email: string, link: string}) => void}} props */
function Adding({ onClose, onDone }) {
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      const { link } = await own('POST', 'people', { body: { email, ...(name && { name }) } });
      onDone({ email, link });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${t.addPerson} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field} type="email" label=${t.email} hint=${t.addPersonHint} value=${email} onInput=${setEmail} name="email" required autofocus />
      <${Field} label=${t.personName} value=${name} onInput=${setName} name="name" />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${t.addPerson} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}

/** Says what goes with an account before it goes. @param {{person: Person, onClose: () => void, onDone: () => void}} props */
function Removing({ person, onClose, onDone }) {
  const load = useLoad(async (api) => api.own('GET', `people/${person.id}`), [person.id]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {string | undefined} */ (undefined));
  const blocks = load.data?.blocks ?? [];
  const remove = async () => {
    setBusy(true);
    try {
      await own('DELETE', `people/${person.id}`);
      onDone();
    } catch (caught) {
      setError(/** @type {Error} */ (caught).message);
      setBusy(false);
    }
  };
  return html`<${Dialog}
    open
    danger
    title=${t.removePersonTitle(person.email)}
    confirmLabel=${t.removePerson}
    mustType=${person.email}
    busy=${busy}
    disabled=${!load.data || blocks.length > 0}
    error=${error}
    onConfirm=${remove}
    onClose=${onClose}
  >
    ${load.data && html`<p>${t.removePersonText} ${t.removePersonGoes(load.data.goes)}.</p>`}
    ${blocks.length > 0 &&
    html`<p class="warning-text">${t.removePersonBlocks} ${blocks.join(' ')}</p>`}
  <//>`;
}
