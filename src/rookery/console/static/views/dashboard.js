/** One dashboard: looked at, edited (…/edit), or alone on a wall (?kiosk=1). */
import { html, useEffect, useMemo, useState } from '../html.js';
import { style } from '../style.js';
import { iot, useLoad } from '../api/rest.js';
import { Button, Calls, Empty, ErrorBox, Menu, Page, Skeleton, toast } from '../ui/index.js';
import { createBinder } from '../dashboard/bound.js';
import { fromWire } from '../dashboard/document.js';
import { KioskExit, enter, useKiosk } from '../dashboard/kiosk.js';
import { sizeOf } from '../dashboard/kinds.js';
import { RangePicker, useRange } from '../dashboard/ranges.js';
import { Shown, isRanged } from '../dashboard/shown.js';
import { createSources } from '../dashboard/sources.js';
import { OWN, through } from '../dashboard/ways.js';
import { navigate } from '../router.js';
import t from '../strings/dashboard.js';

await Promise.all([style('dashboard'), style('widgets')]);

export const title = t.title;

/** Milliseconds to wait before loading again: a change of a thing comes with several messages. */
const SETTLE = 300;

/** @param {{params: Record<string, string>, query: Record<string, string>}} props */
export default function View({ params, query }) {
  const { id = '', tab } = params;
  const loaded = useLoad((api) => api.iot('GET', `/v3/dashboards/${encodeURIComponent(id)}`), [id]);
  if (loaded.state === 'error' && loaded.error?.status === 404) {
    return html`<${Gone} id=${id} />`;
  }
  if (!loaded.data || loaded.data.id !== id.toLowerCase()) {
    return html`<${Page} title=${t.title}>
      ${loaded.state === 'error' ? html`<${ErrorBox} error=${loaded.error} retry=${loaded.reload} />` : html`<${Skeleton} rows=${6} />`}
    <//>`;
  }
  return html`<${Loaded} key=${id} wire=${loaded.data} tab=${tab} query=${query} reload=${loaded.reload} set=${loaded.set} calls=${loaded.calls} />`;
}

/** What is not there, or not for this person: they may ask for it. @param {{id: string}} props */
function Gone({ id }) {
  const [busy, setBusy] = useState(false);
  const ask = async () => {
    setBusy(true);
    try {
      await iot('PUT', `/v2/dashboards/${encodeURIComponent(id)}/share_request`, { body: {} });
      toast(t.gone.asked);
    } catch (error) {
      toast(/** @type {any} */ (error).status === 404 ? t.gone.nothing : /** @type {Error} */ (error).message, { kind: 'error' });
    }
    setBusy(false);
  };
  return html`<${Page} title=${t.gone.title} json=${false}>
    <${Empty}
      icon="layout-dashboard"
      sentence=${t.gone.sentence}
      action=${html`<span class="row"><${Button} label=${t.gone.action} href="/console/dashboards" /><${Button} label=${t.gone.ask} busy=${busy} onClick=${() => void ask()} /></span>`}
    />
  <//>`;
}

/** @param {{wire: any, tab: string|undefined, query: Record<string, string>, reload: () => void, set: (wire: any) => void,
 * calls: import('../api/rest.js').Call[]}} props */
function Loaded({ wire, tab, query, reload, set, calls }) {
  const doc = useMemo(() => fromWire(wire, sizeOf), [wire]);
  const from = useFeed(doc, reload);
  const { range, setRange } = useRange(query['range']);
  from.range = range;
  if (tab === 'edit' && !doc.sharedBy) {
    return html`<${Editing} doc=${doc} from=${from} range=${range} setRange=${setRange} query=${query} set=${set} />`;
  }
  return html`<${Looking} doc=${doc} from=${from} range=${range} setRange=${setRange} query=${query} reload=${reload} calls=${calls} />`;
}

/** What live values come from, for as long as this dashboard is open. Boards on a dashboard of somebody else are looked at
 * through it. @param {import('../dashboard/document.js').Doc} doc @param {() => void} reload */
function useFeed({ id, sharedBy }, reload) {
  const foreign = sharedBy !== null;
  const from = useMemo(() => {
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    const onChanged = () => {
      clearTimeout(timer);
      timer = setTimeout(reload, SETTLE);
    };
    const binder = createBinder({ onChanged });
    const sources = createSources(foreign ? through({ id, onChanged }) : OWN);
    const range = /** @type {any} */ (null);
    return { binder, sources, range, close: () => (clearTimeout(timer), binder.close(), sources.close()) };
  }, [foreign]);
  useEffect(() => () => from.close(), [from]);
  return from;
}

/** The editor is its own program, loaded by those who edit. @param {any} props */
function Editing(props) {
  const [Editor, setEditor] = useState(/** @type {any} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  useEffect(() => {
    import('../dashboard/editor.js').then(
      (module) => setEditor(() => module.Editor),
      (failed) => setError(failed),
    );
  }, []);
  if (error) return html`<${Page} title=${props.doc.name}><${ErrorBox} error=${error} /><//>`;
  if (!Editor) return html`<${Page} title=${props.doc.name}><${Skeleton} rows=${6} /><//>`;
  return html`<${Editor} ...${props} />`;
}

/** @param {{doc: import('../dashboard/document.js').Doc, from: any, range: any, setRange: any, query: Record<string, string>, reload: () => void,
 * calls: import('../api/rest.js').Call[]}} props */
function Looking({ doc, from, range, setRange, query, reload, calls }) {
  const kiosk = query['kiosk'] === '1';
  useKiosk(kiosk);
  const [open, setOpen] = useState('');
  const mine = !doc.sharedBy;
  const here = `/console/dashboards/${doc.id}`;
  const editAt = `${here}/edit${query['page'] ? `?page=${encodeURIComponent(query['page'])}` : ''}`;
  const picker = isRanged(doc, query) ? html`<${RangePicker} range=${range} setRange=${setRange} />` : null;
  const head = html`<div class="db-head-actions">
    ${picker}
    ${mine ? html`<${Button} icon="share-2" label=${t.head.share} onClick=${() => setOpen('share')} />` : null}
    ${mine ? html`<${Button} icon="pencil" kind="primary" label=${t.head.edit} href=${editAt} />` : null}
    <${Calls} calls=${calls} />
    <${More} mine=${mine} onOpen=${setOpen} />
  </div>`;
  return html`<${Page} title=${doc.name} line=${doc.sharedBy ? t.sharedBy(doc.sharedBy) : null} action=${kiosk ? picker : head}>
    <${Shown} doc=${doc} from=${from} range=${range} setRange=${setRange} query=${query} editAt=${mine ? editAt : ''} />
    ${kiosk ? html`<${KioskExit} />` : null}
    ${open ? html`<${Opened} which=${open} doc=${doc} onClose=${() => setOpen('')} reload=${reload} />` : null}
  <//>`;
}

/** @param {{mine: boolean, onOpen: (which: string) => void}} props */
function More({ mine, onOpen }) {
  return html`<${Menu}
    name=${t.head.more}
    items=${[
      { label: t.head.kiosk, icon: 'maximize', onClick: enter },
      { label: t.head.clone, icon: 'copy', onClick: () => onOpen('clone') },
      { label: t.head.template, icon: 'download', onClick: () => onOpen('template') },
      { label: t.head.file, icon: 'file-code', onClick: () => onOpen('file') },
      mine && { separator: true, label: '' },
      mine && { label: t.head.remove, icon: 'trash-2', danger: true, onClick: () => onOpen('delete') },
    ]}
  />`;
}

/** What the menu opens, loaded when it is. @param {{which: string, doc: any, onClose: () => void, reload: () => void}} props */
function Opened({ which, doc, onClose, reload }) {
  const [Part, setPart] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let wanted = true;
    const load = which === 'share' ? import('../dashboard/share.js') : import('../dashboard/acts.js');
    void load.then((module) => wanted && setPart(() => /** @type {any} */ (module)[which === 'share' ? 'Share' : 'Act']));
    return () => {
      wanted = false;
    };
  }, [which]);
  return Part ? html`<${Part} which=${which} doc=${doc} onClose=${onClose} reload=${reload} onDeleted=${() => navigate('/dashboards')} />` : null;
}
