/** A dashboard behind a link: to be looked at without signing in. */
import { html, useEffect, useMemo } from '../html.js';
import { style } from '../style.js';
import { own, useLoad } from '../api/rest.js';
import { live } from '../api/live.js';
import { session } from '../api/session.js';
import { createBinder } from '../dashboard/bound.js';
import { fromWire } from '../dashboard/document.js';
import { sizeOf } from '../dashboard/kinds.js';
import { RangePicker, useRange } from '../dashboard/ranges.js';
import { Shown, isRanged } from '../dashboard/shown.js';
import { createSources } from '../dashboard/sources.js';
import { sharedHistory } from '../dashboard/history.js';
import { through } from '../dashboard/ways.js';
import { Empty, ErrorBox, Mark, Skeleton } from '../ui/index.js';
import t from '../strings/shared.js';

await Promise.all([style('dashboard'), style('widgets')]);

export const title = t.title;

const SETTLE = 300;

/** @param {{params: Record<string, string>, query: Record<string, string>}} props */
export default function View({ params, query }) {
  const token = params['token'] ?? '';
  const loaded = useLoad(() => own('GET', `shared/${encodeURIComponent(token)}`, { anyone: true }), [token]);
  useEffect(() => {
    document.title = `${loaded.data?.dashboard?.name ?? t.title} · ${t.product}`;
  }, [loaded.data]);
  const gone = loaded.error && [403, 404, 410].includes(loaded.error.status);
  return html`<div class="dbx">
    ${gone ? html`<${Ended} />` : null}
    ${loaded.error && !gone && !loaded.data ? html`<${ErrorBox} error=${loaded.error} retry=${loaded.reload} />` : null}
    ${!loaded.data && !loaded.error ? html`<h1 class="hidden">${t.title}</h1><${Skeleton} rows=${6} />` : null}
    ${loaded.data && !gone ? html`<${Opened} key=${token} token=${token} wire=${loaded.data.dashboard} reload=${loaded.reload} query=${query} />` : null}
  </div>`;
}

function Ended() {
  return html`<div class="dbx-ended">
    <${Mark} size=${32} />
    <h1>${t.ended.title}</h1>
    <${Empty} icon="link" sentence=${t.ended.sentence} />
  </div>`;
}

/** @param {{token: string, wire: any, reload: () => void, query: Record<string, string>}} props */
function Opened({ token, wire, reload, query }) {
  const doc = useMemo(() => fromWire(wire, sizeOf), [wire]);
  const { range, setRange } = useRange(query['range']);
  const from = useMemo(() => {
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    const onChanged = () => {
      clearTimeout(timer);
      timer = setTimeout(reload, SETTLE);
    };
    const binder = createBinder({ onChanged, looking: true, history: sharedHistory(token) });
    const sources = createSources(through({ id: doc.id, token, onChanged }));
    return { binder, sources, range, close: () => (clearTimeout(timer), binder.close(), sources.close()) };
  }, []);
  useEffect(() => {
    // The link is what counts here, also for somebody who is signed in and may see more.
    live.close();
    live.open({ share: token });
    return () => {
      from.close();
      live.close();
      if (session.peek().signed_in) live.open();
    };
  }, []);
  const lost = live.state.value === 'lost';
  useEffect(() => {
    if (!lost) return undefined;
    // The server also hangs up when the link has ended: asking tells which it is.
    const timer = setTimeout(reload, SETTLE);
    return () => clearTimeout(timer);
  }, [lost]);
  return html`
    <header class="dbx-head">
      <h1>${doc.name}</h1>
      ${isRanged(doc, query) ? html`<${RangePicker} range=${range} setRange=${setRange} />` : null}
      <span class="dbx-made">${lost ? html`<span class="dbx-lost" role="status">${t.lost}</span>` : null}<${Mark} size=${20} /><span>${t.by}</span></span>
    </header>
    <${Shown} doc=${doc} from=${from} range=${range} setRange=${setRange} query=${query} base=${`/console/shared/${token}`} />
  `;
}
