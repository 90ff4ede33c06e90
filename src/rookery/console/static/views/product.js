import { html } from '../html.js';
import { useLoad } from '../api/rest.js';
import { style } from '../style.js';
import { ErrorBox, Id, Page, Skeleton, Tabs } from '../ui/index.js';
import { Clients } from './parts/keys-clients.js';
import { platformName, usePlatforms } from './parts/platforms.js';
import { Codes } from './parts/product-codes.js';
import { Customers } from './parts/product-customers.js';
import { Devices } from './parts/product-devices.js';
import { ProductEvents } from './parts/product-events.js';
import { Groups } from './parts/product-groups.js';
import { ProductSettings } from './parts/product-settings.js';
import { Team } from './parts/product-team.js';
import t from '../strings/products.js';

await style('products');

export const title = t.title;

const TABS = [
  { id: 'devices', label: t.devices, Part: Devices },
  { id: 'groups', label: t.groups, Part: Groups },
  { id: 'customers', label: t.customers, Part: Customers },
  { id: 'codes', label: t.codes, Part: Codes },
  { id: 'events', label: t.events, Part: ProductEvents },
  { id: 'clients', label: t.clients, Part: ProductClients },
  { id: 'team', label: t.team, Part: Team },
  { id: 'settings', label: t.settings, Part: ProductSettings },
];

/**
 * One product; each part has an address of its own.
 * @param {{params: Record<string, string>, query: Record<string, string>}} props
 */
export default function View({ params, query }) {
  const base = `/products/${params.id}`;
  const load = useLoad(async (api) => (await api.v1('GET', base)).product, [params.id]);
  const platforms = usePlatforms();
  const product = load.data;
  const tab = TABS.find(({ id }) => id === params.tab) ?? TABS[0];
  if (load.state === 'error') {
    return html`<${Page} title=${t.title}><${ErrorBox} error=${load.error} retry=${load.reload} /><//>`;
  }
  if (!product) return html`<${Page} title=${t.title}><${Skeleton} rows=${6} /><//>`;
  const line = html`${platformName(platforms, product.platform_id)} · ${t.number} <${Id} id=${String(product.id)} />${
    product.description && html` · ${product.description}`
  }`;
  return html`<${Page} title=${product.name} line=${line} back=${{ href: '/console/products', label: t.back }}>
    <${Tabs}
      label=${t.tabs}
      current=${tab.id}
      tabs=${TABS.map(({ id, label }) => ({
        id,
        label,
        href: `/console/products/${params.id}${id === 'devices' ? '' : `/${id}`}`,
      }))}
    />
    <${tab.Part} base=${base} product=${product} query=${query} onChange=${load.reload} />
  <//>`;
}

/** @param {{base: string}} props */
function ProductClients({ base }) {
  return html`<p class="muted reading">${t.clientsLine}</p>
    <${Clients} base=${base} />`;
}
