import { html } from '../html.js';
import { session } from '../api/session.js';
import { style } from '../style.js';
import { Page, Tabs } from '../ui/index.js';
import { About } from './parts/settings-about.js';
import { Account } from './parts/settings-account.js';
import { Audit } from './parts/settings-audit.js';
import { Backups } from './parts/settings-backups.js';
import { Certificates } from './parts/settings-certificates.js';
import { HistoryRules } from './parts/settings-history.js';
import { Organisations } from './parts/settings-organisations.js';
import { People } from './parts/settings-people.js';
import { ServerSettings } from './parts/settings-server.js';
import t from '../strings/settings.js';

await style('settings');

export const title = t.title;

const TABS = [
  { id: 'account', label: t.account, Part: Account, operator: false },
  { id: 'organisations', label: t.organisations, Part: Organisations, operator: false },
  { id: 'people', label: t.people, Part: People, operator: true },
  { id: 'certificates', label: t.certificates, Part: Certificates, operator: true },
  { id: 'server', label: t.server, Part: ServerSettings, operator: true },
  { id: 'backups', label: t.backups, Part: Backups, operator: true },
  { id: 'history', label: t.history, Part: HistoryRules, operator: false },
  { id: 'audit', label: t.audit, Part: Audit, operator: false },
  { id: 'about', label: t.about, Part: About, operator: false },
];

/**
 * Settings; each part has an address of its own, and only who runs the server sees the server's.
 * @param {{params: Record<string, string>, query: Record<string, string>}} props
 */
export default function View({ params, query }) {
  const operator = Boolean(session.value.person?.operator);
  const tabs = TABS.filter((tab) => operator || !tab.operator);
  const tab = tabs.find(({ id }) => id === params.tab) ?? tabs[0];
  return html`<${Page} title=${t.title} line=${t.line}>
    <${Tabs}
      label=${t.tabs}
      current=${tab.id}
      tabs=${tabs.map(({ id, label }) => ({
        id,
        label,
        href: id === 'account' ? '/console/settings' : `/console/settings/${id}`,
      }))}
    />
    <${tab.Part} query=${query} />
  <//>`;
}
