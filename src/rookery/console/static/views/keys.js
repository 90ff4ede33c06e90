import { html } from '../html.js';
import { Page, Tabs } from '../ui/index.js';
import { ApiKeys } from './parts/keys-api.js';
import { Clients } from './parts/keys-clients.js';
import { AccessTokens } from './parts/keys-tokens.js';
import t from '../strings/keys.js';

export const title = t.title;

/**
 * API keys, access tokens and OAuth clients of the person who is signed in.
 * @param {{params: Record<string, string>}} props
 */
export default function View({ params }) {
  const tab = ['tokens', 'clients'].includes(params.tab) ? params.tab : 'api';
  const Part = tab === 'tokens' ? AccessTokens : tab === 'clients' ? Clients : ApiKeys;
  return html`<${Page} title=${t.title} line=${t.line}>
    <${Tabs}
      label=${t.tabs}
      current=${tab}
      tabs=${[
        { id: 'api', label: t.apiKeys, href: '/console/keys' },
        { id: 'tokens', label: t.tokens, href: '/console/keys/tokens' },
        { id: 'clients', label: t.clients, href: '/console/keys/clients' },
      ]}
    />
    <${Part} />
  <//>`;
}
