import { html, useState } from '../html.js';
import { useLoad, v1 } from '../api/rest.js';
import { session } from '../api/session.js';
import { navigate } from '../router.js';
import { Button, Field, Form, Page, Panel, Sheet, Table, Tag, toast } from '../ui/index.js';
import { platformName, usePlatforms } from './parts/platforms.js';
import t from '../strings/products.js';

export const title = t.title;

/** @typedef {{id: number, name: string, slug: string, description: string, platform_id: number, org: string | null, groups: string[], settings: any}} Product */

/** All products that the person owns or works on. */
export default function View() {
  const load = useLoad(async (api) => (await api.v1('GET', '/products')).products, []);
  const platforms = usePlatforms();
  const [making, setMaking] = useState(false);
  const action = html`<${Button} kind="primary" icon="plus" label=${t.create} onClick=${() => setMaking(true)} />`;
  return html`<${Page} title=${t.title} line=${t.line} action=${action}>
    <${Panel} title=${load.data ? t.total(load.data.length) : undefined} calls=${load.calls}>
      <${Table}
        label=${t.title}
        load=${load}
        rows=${load.data ?? []}
        keyOf=${(/** @type {Product} */ product) => product.id}
        hrefOf=${(/** @type {Product} */ product) => `/console/products/${product.id}`}
        empty=${{ icon: 'package', sentence: t.empty, example: t.example }}
        columns=${[
          { key: 'name', label: t.name, render: (/** @type {Product} */ product) => product.name },
          { key: 'id', label: t.number, align: 'end', render: (/** @type {Product} */ product) => product.id },
          {
            key: 'platform',
            label: t.platform,
            render: (/** @type {Product} */ product) => platformName(platforms, product.platform_id),
          },
          {
            key: 'groups',
            label: t.groups,
            hidePhone: true,
            render: (/** @type {Product} */ product) =>
              product.groups.slice(0, 4).map((name) => html`<${Tag} key=${name} label=${name} /> `),
          },
          { key: 'owner', label: t.owner, hidePhone: true, render: (/** @type {Product} */ product) => product.org ?? t.mine },
        ]}
      />
    <//>
    ${making && html`<${Making} platforms=${platforms} onClose=${() => setMaking(false)} />`}
  <//>`;
}

/** @param {{platforms: import('./parts/platforms.js').Platform[], onClose: () => void}} props */
function Making({ platforms, onClose }) {
  const organisations = (session.value.spaces ?? []).filter((space) => space.kind === 'organisation');
  const [fields, setFields] = useState({ name: '', platform: '', description: '', owner: '' });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  /** @param {string} name */
  const set = (name) => (/** @type {string} */ value) => setFields({ ...fields, [name]: value });
  const submit = async () => {
    setBusy(true);
    setError(null);
    const { name, platform, description, owner } = fields;
    const body = { product: { name, description, platform_id: Number(platform || platforms[0]?.id) } };
    try {
      const made = await v1('POST', owner ? `/orgs/${owner}/products` : '/user/products', { body });
      toast(t.created(name));
      navigate(`/console/products/${made.product.id}`);
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${t.create} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field} label=${t.name} value=${fields.name} onInput=${set('name')} name="name" required autofocus />
      <${Field}
        type="select"
        label=${t.platform}
        hint=${t.platformHint}
        value=${fields.platform}
        onInput=${set('platform')}
        name="platform"
        options=${platforms.map(({ id, name }) => ({ value: String(id), label: name }))}
      />
      ${organisations.length > 0 &&
      html`<${Field}
        type="select"
        label=${t.owner}
        hint=${t.ownerHint}
        value=${fields.owner}
        onInput=${set('owner')}
        name="owner"
        options=${[
          { value: '', label: t.mine },
          ...organisations.map((space) => ({ value: space.slug ?? space.id, label: space.name })),
        ]}
      />`}
      <${Field} type="textarea" label=${t.description} value=${fields.description} onInput=${set('description')} name="description" />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${t.create} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
