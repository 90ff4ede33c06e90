/** All dashboards: one's own and those that others share. */
import { html, useMemo, useState } from '../html.js';
import { style } from '../style.js';
import { useLoad } from '../api/rest.js';
import { navigate } from '../router.js';
import { Act } from '../dashboard/acts.js';
import { fromWire } from '../dashboard/document.js';
import { sizeOf } from '../dashboard/kinds.js';
import { Create, Import } from '../dashboard/make.js';
import { Picture } from '../dashboard/picture.js';
import { Button, Calls, Empty, ErrorBox, Menu, Page, Search, Skeleton, Time } from '../ui/index.js';
import t from '../strings/dashboards.js';

await style('dashboards');

export const title = t.title;

/** Below this, all are seen at once and nothing has to be searched. */
const FEW = 6;

/** @typedef {import('../dashboard/document.js').Doc} Doc */

export default function View() {
  const list = useLoad((api) => api.iot('GET', '/v3/dashboards'), []);
  const [search, setSearch] = useState('');
  const [open, setOpen] = useState('');
  const [act, setAct] = useState(/** @type {{which: string, doc: Doc}|null} */ (null));
  const docs = useMemo(
    () => /** @type {Doc[]} */ ((list.data ?? []).map((/** @type {any} */ wire) => fromWire(wire, sizeOf))).sort((a, b) => b.updated.localeCompare(a.updated)),
    [list.data],
  );
  const text = search.trim().toLowerCase();
  const found = docs.filter((doc) => !text || doc.name.toLowerCase().includes(text));
  const mine = found.filter((doc) => !doc.sharedBy);
  const theirs = found.filter((doc) => doc.sharedBy);
  const section = (/** @type {string} */ name, /** @type {Doc[]} */ shown, /** @type {boolean} */ titled) =>
    shown.length > 0
      ? html`<section class="dbs-section" aria-label=${name}>
          ${titled ? html`<h2 class="dbs-title">${name}</h2>` : null}
          <ul class="dbs-cards">
            ${shown.map((doc) => html`<${Card} key=${doc.id} doc=${doc} onAct=${(/** @type {string} */ which) => setAct({ which, doc })} />`)}
          </ul>
        </section>`
      : null;
  const action = html`<div class="row">
    <${Calls} calls=${list.calls} />
    <${Button} icon="upload" label=${t.import} onClick=${() => setOpen('import')} />
    <${Button} kind="primary" icon="plus" label=${t.create} onClick=${() => setOpen('create')} />
  </div>`;
  return html`<${Page} title=${t.title} line=${t.line} action=${action}>
    ${docs.length > FEW || text ? html`<div class="dbs-search"><${Search} value=${search} onInput=${setSearch} label=${t.search} /></div>` : null}
    ${list.state === 'error' ? html`<${ErrorBox} error=${list.error} retry=${list.reload} />` : null}
    ${list.state === 'loading' && !list.data ? html`<${Skeleton} rows=${4} />` : null}
    ${list.state === 'ready' && docs.length === 0
      ? html`<${Empty}
          icon="layout-dashboard"
          sentence=${t.empty.sentence}
          example=${t.empty.example}
          action=${html`<${Button} icon="plus" label=${t.empty.action} onClick=${() => setOpen('create')} />`}
        />`
      : null}
    ${docs.length > 0 && found.length === 0
      ? html`<${Empty} sentence=${t.filtered(search)} action=${html`<${Button} label=${t.clear} onClick=${() => setSearch('')} />`} />`
      : null}
    ${section(t.own, mine, theirs.length > 0)} ${section(t.shared, theirs, true)}
    ${open === 'create' ? html`<${Create} onClose=${() => setOpen('')} />` : null}
    ${open === 'import' ? html`<${Import} onClose=${() => setOpen('')} />` : null}
    ${act ? html`<${Act} which=${act.which} doc=${act.doc} onClose=${() => setAct(null)} onDeleted=${list.reload} onChanged=${list.reload} />` : null}
  <//>`;
}

/** @param {{doc: Doc, onAct: (which: string) => void}} props */
function Card({ doc, onAct }) {
  const [broken, setBroken] = useState(false);
  const at = `/console/dashboards/${doc.id}`;
  const cover = /^https:\/\//.test(doc.cover) && !broken;
  return html`<li class="dbs-card">
    <a class="dbs-link" href=${at}>
      <span class="dbs-face">
        ${cover
          ? html`<img class="dbs-cover" src=${doc.cover} alt="" loading="lazy" referrerpolicy="no-referrer" onError=${() => setBroken(true)} />`
          : html`<${Picture} doc=${doc} />`}
      </span>
      <span class="dbs-name" title=${doc.name}>${doc.name}</span>
    </a>
    <span class="dbs-meta">
      ${t.widgets(doc.widgets.length)} · ${doc.sharedBy ? t.by(doc.sharedBy) : html`${t.changed} <${Time} at=${doc.updated} />`}
    </span>
    <span class="dbs-menu">
      <${Menu}
        name=${t.menu(doc.name)}
        small=${true}
        items=${[
          { label: t.open, icon: 'eye', onClick: () => navigate(`/dashboards/${doc.id}`) },
          !doc.sharedBy && { label: t.edit, icon: 'pencil', onClick: () => navigate(`/dashboards/${doc.id}/edit`) },
          { label: t.clone, icon: 'copy', onClick: () => onAct('clone') },
          { label: t.template, icon: 'download', onClick: () => onAct('template') },
          { label: t.file, icon: 'file-code', onClick: () => onAct('file') },
          !doc.sharedBy && { separator: true, label: '' },
          !doc.sharedBy && { label: t.remove, icon: 'trash-2', danger: true, onClick: () => onAct('delete') },
        ]}
      />
    </span>
  </li>`;
}
