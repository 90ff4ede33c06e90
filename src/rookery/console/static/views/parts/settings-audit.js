import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { Button, Id, Panel, Table, Tag, Time, toast } from '../../ui/index.js';
import t from '../../strings/settings.js';

/** @typedef {{time: number, person: string | null, what: string, target: string | null, status: number, address: string | null}} Entry */

const ID = /^(?:[0-9a-f]{24,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-Za-z]{32})$/;

/** What was changed: its name first, which is what people know it by, then its ids. @param {{text: string | null}} props */
function Target({ text }) {
  const words = (text ?? '').split(' ').filter(Boolean);
  const name = words.filter((word) => !ID.test(word)).join(' ');
  const ids = words.filter((word) => ID.test(word));
  if (words.length === 0) return '–';
  return html`<span class="settings-target">
    ${name && html`<span class="clip" title=${name}>${name}</span>`} ${ids.map((id) => html`<${Id} key=${id} id=${id} />`)}
  </span>`;
}

/** Who changed what in the chosen space, newest first. */
export function Audit() {
  const load = useLoad(async (api) => api.own('GET', 'audit'), []);
  const [older, setOlder] = useState(/** @type {{entries: Entry[], next: any} | null} */ (null));
  const [busy, setBusy] = useState(false);
  const entries = [...(load.data?.entries ?? []), ...(older?.entries ?? [])];
  const next = older ? older.next : load.data?.next;
  const more = async () => {
    setBusy(true);
    try {
      const told = await own('GET', 'audit', { query: { before: next } });
      setOlder({ entries: [...(older?.entries ?? []), ...told.entries], next: told.next });
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
    }
    setBusy(false);
  };
  return html`<${Panel} title=${t.audit} line=${t.auditLine} calls=${load.calls}>
    <${Table}
      label=${t.audit}
      load=${load}
      rows=${entries}
      keyOf=${(/** @type {Entry} */ entry) => `${entry.time} ${entry.what} ${entry.target}`}
      empty=${{ sentence: t.auditEmpty }}
      columns=${[
        { key: 'time', label: t.auditTime, render: (/** @type {Entry} */ entry) => html`<${Time} at=${entry.time} />` },
        { key: 'who', label: t.auditWho, hidePhone: true, render: (/** @type {Entry} */ entry) => entry.person ?? '–' },
        {
          key: 'what',
          label: t.auditWhat,
          render: (/** @type {Entry} */ entry) =>
            html`${entry.what}<div class="only-phone muted small clip">${entry.person ?? ''}</div>`,
        },
        {
          key: 'target',
          label: t.auditTarget,
          hidePhone: true,
          render: (/** @type {Entry} */ entry) => html`<${Target} text=${entry.target} />`,
        },
        { key: 'from', label: t.auditFrom, hidePhone: true, render: (/** @type {Entry} */ entry) => entry.address ?? '–' },
        {
          key: 'status',
          label: t.auditStatus,
          render: (/** @type {Entry} */ entry) =>
            entry.status < 400 ? t.done : html`<${Tag} label=${t.refused(entry.status)} kind="warning" />`,
        },
      ]}
    />
    ${next && html`<div class="row"><${Button} kind="plain" busy=${busy} label=${t.auditOlder} onClick=${more} /></div>`}
  <//>`;
}
