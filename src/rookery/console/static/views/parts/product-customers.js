import { html, useState } from '../../html.js';
import { useLoad, v1 } from '../../api/rest.js';
import { setQuery } from '../../router.js';
import { Button, Dialog, Field, Form, Id, Menu, Pager, Panel, Secret, Sheet, Table, toast } from '../../ui/index.js';
import t from '../../strings/products.js';

/** @typedef {{id: string, username: string, full_name: string | null, devices: string[]}} Customer */

const PER_PAGE = 25;

/**
 * The customers of a product.
 * @param {{base: string, query: Record<string, string>}} props
 */
export function Customers({ base, query }) {
  const page = Number(query.page ?? 1);
  const load = useLoad(async (api) => api.v1('GET', `${base}/customers`, { query: { page, perPage: PER_PAGE } }), [base, page]);
  const [sheet, setSheet] = useState(/** @type {{customer: Customer | null} | null} */ (null));
  const [asked, setAsked] = useState(/** @type {Customer | null} */ (null));
  const [shown, setShown] = useState(/** @type {{name: string, token: string} | null} */ (null));
  const remove = async () => {
    if (!asked) return;
    try {
      await v1('DELETE', `${base}/customers/${encodeURIComponent(asked.username)}`);
      toast(t.removed(asked.username));
      setAsked(null);
      load.reload();
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
    }
  };
  const create = html`<${Button} kind="primary" icon="plus" label=${t.createCustomer} onClick=${() => setSheet({ customer: null })} />`;
  return html`
    ${shown &&
    html`<${Secret}
      title=${t.customerTokenTitle(shown.name)}
      entries=${[{ label: t.customerToken, value: shown.token }]}
      fileName=${`rookery-customer-${shown.name}`}
      onDone=${() => setShown(null)}
    />`}
    <${Panel} title=${t.customers} line=${t.customersLine} actions=${create} calls=${load.calls} flush>
      <${Table}
        label=${t.customers}
        load=${load}
        rows=${load.data?.customers ?? []}
        keyOf=${(/** @type {Customer} */ customer) => customer.id}
        empty=${{ icon: 'user', sentence: t.customersEmpty, example: t.customersExample }}
        columns=${[
          { key: 'name', label: t.customerName, render: (/** @type {Customer} */ customer) => customer.username },
          {
            key: 'boards',
            label: t.customerDevices,
            render: (/** @type {Customer} */ customer) =>
              customer.devices.length ? customer.devices.map((id) => html`<${Id} key=${id} id=${id} /> `) : t.noDevices,
          },
          {
            key: 'more',
            label: '',
            align: 'end',
            width: '48px',
            render: (/** @type {Customer} */ customer) =>
              html`<${Menu}
                name=${t.more(customer.username)}
                items=${[
                  { label: t.setPassword, icon: 'key-round', onClick: () => setSheet({ customer }) },
                  { label: t.remove, icon: 'trash-2', danger: true, onClick: () => setAsked(customer) },
                ]}
              />`,
          },
        ]}
      />
      <${Pager}
        page=${page}
        pages=${load.data?.meta.total_pages ?? 1}
        total=${load.data?.meta.total ?? 0}
        onPage=${(/** @type {number} */ next) => setQuery({ page: next === 1 ? null : String(next) })}
      />
    <//>
    ${sheet &&
    html`<${CustomerSheet}
      base=${base}
      customer=${sheet.customer}
      onClose=${() => setSheet(null)}
      onDone=${(/** @type {{name: string, token: string} | null} */ made) => {
        setSheet(null);
        if (made) setShown(made);
        else toast(t.customerPasswordSet);
        load.reload();
      }}
    />`}
    ${asked &&
    html`<${Dialog}
      open
      danger
      title=${t.deleteCustomerTitle(asked.username)}
      confirmLabel=${t.remove}
      mustType=${asked.username}
      onConfirm=${remove}
      onClose=${() => setAsked(null)}
    >
      <p>${t.deleteCustomerText}</p>
    <//>`}
  `;
}

/** @param {{base: string, customer: Customer | null, onClose: () => void, onDone: (made: {name: string, token: string} | null) => void}} props */
function CustomerSheet({ base, customer, onClose, onDone }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [without, setWithout] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      if (customer) {
        await v1('PUT', `${base}/customers/${encodeURIComponent(customer.username)}`, { body: { password } });
        onDone(null);
      } else {
        const body = { email: name, ...(without ? { no_password: true } : { password }) };
        const made = await v1('POST', `${base}/customers`, { body });
        onDone({ name, token: made.access_token });
      }
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${customer ? t.setPassword : t.createCustomer} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      ${customer
        ? html`<p>${customer.username}</p>`
        : html`<${Field} label=${t.customerName} value=${name} onInput=${setName} name="email" required autofocus />`}
      ${!customer &&
      html`<${Field} type="checkbox" label=${t.customerNoPassword} value=${without} onInput=${setWithout} name="without" />`}
      ${!without &&
      html`<${Field} type="password" label=${t.customerPassword} value=${password} onInput=${setPassword} name="password" required />`}
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${customer ? t.setPassword : t.createCustomer} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
