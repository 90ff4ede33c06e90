/** The editor of a dashboard: tools above, the board, and the settings of what is chosen beside it. */
import { html, useEffect, useMemo, useState } from '../html.js';
import { style } from '../style.js';
import { live } from '../api/live.js';
import { navigate, setQuery } from '../router.js';
import { Button, Dialog, Field, Icon, IconButton, Tabs, ago, confirmLeave, toast, toMs } from '../ui/index.js';
import { iot } from '../api/rest.js';
import { Canvas } from './canvas.js';
import { onPhone } from './board.js';
import { MAIN, NAME_LENGTH, hasPhoneLayout, tabsOf, toWire } from './document.js';
import { useEditorKeys } from './editor-keys.js';
import { newId } from './ids.js';
import { Inspector } from './inspector.js';
import { Picker } from './picker.js';
import { pageOf } from './shown.js';
import { createWork } from './work.js';
import t from '../strings/dashboard.js';

await Promise.all([style('dashboard-edit'), style('dashboard-side'), style('dashboard-pick')]);

/** @typedef {import('./work.js').Work} Work */

/**
 * @param {{doc: import('./document.js').Doc, from: any, range: any, setRange: any, query: Record<string, string>,
 *   set: (wire: any) => void}} props
 */
export function Editor({ doc, from, range, setRange, query, set }) {
  const work = useMemo(() => {
    const made = createWork(doc, onPhone.peek());
    made.page.value = pageOf(doc, query);
    if (query['choose']) made.selected.value = new Set([query['choose']]);
    return made;
  }, []);
  const [picking, setPicking] = useState(query['add'] ? 'add' : query['choose'] ? 'replace' : '');
  const [conflict, setConflict] = useState(/** @type {any} */ (null));
  const [discarding, setDiscarding] = useState(false);
  const [sheet, setSheet] = useState(false);
  const now = work.now.value;
  const tabs = tabsOf(now, t.main);
  const page = pageOf(now, query);

  useEffect(() => {
    if (work.page.peek() === page) return;
    work.page.value = page;
    work.selected.value = new Set();
  }, [page]);
  useEffect(() => {
    if (query['choose'] || query['add']) setQuery({ choose: null, add: null });
  }, []);
  useEffect(() => work.refresh(doc), [doc]);
  useEffect(() => {
    // The rail gives its room to the board: the way out is Done.
    document.documentElement.dataset['desk'] = '';
    return () => {
      delete document.documentElement.dataset['desk'];
    };
  }, []);
  useEffect(() => {
    document.title = t.edit.title(now.name);
  }, [now.name]);
  confirmLeave(work.changed, t.leave);

  const view = () => navigate(`/dashboards/${now.id}${query['page'] ? `?page=${encodeURIComponent(query['page'])}` : ''}`, { force: true });
  /** @param {boolean} stay @param {boolean} [over] */
  const save = async (stay, over = false) => {
    try {
      const { wire, conflict: other } = await work.save(over);
      if (other) {
        setConflict(other);
        return;
      }
      setConflict(null);
      set(wire);
      if (stay) toast(t.edit.saved);
      else view();
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { kind: 'error' });
    }
  };
  /** A new widget may stand below what is seen. @param {string} id */
  const show = (id) => {
    setSheet(!onPhone.peek());
    requestAnimationFrame(() => document.querySelector(`[data-widget="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'nearest' }));
  };
  const discard = () => (work.changed.peek() ? setDiscarding(true) : view());
  useEditorKeys(work, { save: () => void save(true), open: () => setSheet(true) });

  return html`<div class="page page-wide db-editor">
    <header class="db-edit-head">
      <h1 class="hidden" tabindex="-1">${t.edit.title(now.name)}</h1>
      <input
        class="db-name-input"
        aria-label=${t.inspector.name}
        maxlength=${NAME_LENGTH}
        value=${now.name}
        onInput=${(/** @type {any} */ event) => work.apply({ ...work.now.peek(), name: event.target.value }, 'name')}
      />
      <span class="db-space"></span>
      ${work.changed.value ? html`<span class="db-unsaved" role="status">${t.edit.unsaved}</span>` : null}
      ${work.changed.value ? html`<${Button} label=${t.edit.discard} onClick=${discard} />` : null}
      <${Button}
        kind="primary"
        label=${work.changed.value ? t.edit.save : t.edit.done}
        busy=${work.saving.value}
        disabled=${work.changed.value && (live.state.value === 'lost' || now.name.trim() === '')}
        onClick=${() => (work.changed.peek() ? void save(false) : view())}
      />
    </header>
    <${Tools} work=${work} onAdd=${() => setPicking('add')} onSettings=${() => setSheet(true)} />
    ${tabs.length > 1
      ? html`<${Tabs} label=${t.head.pages} current=${page} tabs=${tabs.map((each) => ({ id: each.id, label: each.name }))} onTab=${(/** @type {string} */ id) => setQuery({ page: id === tabs[0]?.id ? null : id })} />`
      : null}
    <div class="db-desk">
      <${Canvas} work=${work} from=${from} range=${range} setRange=${setRange} onAdd=${() => setPicking('add')} onOpen=${() => setSheet(true)} />
      <${Inspector} work=${work} from=${from} open=${sheet} onClose=${() => setSheet(false)} onLink=${setPicking} />
    </div>
    <div class="hidden" aria-live="polite">${work.said.value}</div>
    ${picking ? html`<${Picker} work=${work} mode=${picking} from=${from} onClose=${() => setPicking('')} onAdded=${show} />` : null}
    ${conflict ? html`<${Conflict} work=${work} other=${conflict} onMine=${() => void save(false, true)} onTheirs=${() => (set(conflict), view())} onClose=${() => setConflict(null)} />` : null}
    <${Dialog}
      open=${discarding}
      title=${t.edit.discardTitle}
      danger=${true}
      confirmLabel=${t.edit.discard}
      onClose=${() => setDiscarding(false)}
      onConfirm=${view}
    >
      <p>${t.edit.discardSentence}</p>
    <//>
  </div>`;
}

/** @param {{work: Work, onAdd: () => void, onSettings: () => void}} props */
function Tools({ work, onAdd, onSettings }) {
  const { past, future } = work.history.value;
  const phone = work.onPhone.value;
  const own = hasPhoneLayout(work.now.value, work.page.value);
  return html`<div class="db-tools" role="toolbar" aria-label=${t.edit.toolbar}>
    <${Button} icon="plus" label=${t.edit.add} onClick=${onAdd} />
    <span class="db-tool-group">
      <${IconButton} icon="undo-2" label=${t.edit.undo} disabled=${past.length === 0} onClick=${work.undo} />
      <${IconButton} icon="redo-2" label=${t.edit.redo} disabled=${future.length === 0} onClick=${work.redo} />
    </span>
    <span class="db-segments" role="group" aria-label=${t.edit.layout}>
      <button type="button" class="db-segment" aria-pressed=${String(!phone)} aria-label=${t.edit.desktop} onClick=${() => (work.onPhone.value = false)}>
        <${Icon} name="monitor" /> <span>${t.edit.desktop}</span>
      </button>
      <button type="button" class="db-segment" aria-pressed=${String(phone)} aria-label=${t.edit.phone} onClick=${() => (work.onPhone.value = true)}>
        <${Icon} name="smartphone" /> <span>${t.edit.phone}</span>
      </button>
    </span>
    <${Button} kind="quiet" icon="wand-sparkles" label=${t.edit.tidy} onClick=${work.tidy} />
    <span class="db-settings-open"><${IconButton} icon="sliders-horizontal" label=${t.inspector.label} onClick=${onSettings} /></span>
    ${phone
      ? html`<span class="db-phone-note">
          ${own ? t.edit.own : t.edit.made}
          ${own ? html` <button type="button" class="db-link" onClick=${work.remake}>${t.edit.remake}</button>` : null}
        </span>`
      : null}
  </div>`;
}

/** @param {{work: Work, other: any, onMine: () => void, onTheirs: () => void, onClose: () => void}} props */
function Conflict({ work, other, onMine, onTheirs, onClose }) {
  const [choice, setChoice] = useState('mine');
  const [busy, setBusy] = useState(false);
  const copy = async () => {
    setBusy(true);
    try {
      const doc = work.now.peek();
      const body = toWire(doc);
      // A copy needs ids of its own: those of pages and widgets belong to the first one.
      const pages = new Map(doc.pages.map((each) => [each.id, newId()]));
      const made = await iot('POST', '/v3/dashboards', {
        body: {
          ...body,
          name: t.edit.conflict.copyName(doc.name),
          pages: body.pages.map((each) => ({ ...each, id: pages.get(each.id) })),
          widgets: body.widgets.map((each) => ({ ...each, id: newId(), page_id: pages.get(each.page_id) ?? MAIN })),
        },
      });
      navigate(`/dashboards/${made.id}`, { force: true });
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { kind: 'error' });
      setBusy(false);
    }
  };
  const acts = { mine: onMine, theirs: onTheirs, copy: () => void copy() };
  const at = toMs(other.updated_at);
  return html`<${Dialog}
    open=${true}
    title=${t.edit.conflict.title}
    confirmLabel=${t.edit.conflict[/** @type {'mine'} */ (choice)]}
    danger=${choice === 'theirs'}
    busy=${busy || work.saving.value}
    onClose=${onClose}
    onConfirm=${() => acts[/** @type {'mine'} */ (choice)]()}
  >
    <p>${t.edit.conflict.sentence(at === null ? '' : ago(at))}</p>
    <${Field}
      type="radio"
      label=${t.edit.conflict.title}
      hideLabel=${true}
      value=${choice}
      onInput=${setChoice}
      options=${['mine', 'theirs', 'copy'].map((value) => ({ value, label: t.edit.conflict[/** @type {'mine'} */ (value)] }))}
    />
  <//>`;
}
