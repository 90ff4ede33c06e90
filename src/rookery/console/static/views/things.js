/** All things of the space. */
import { html, useMemo, useSignal } from '../html.js';
import { style } from '../style.js';
import { navigate, setQuery } from '../router.js';
import { iot, useLoad } from '../api/rest.js';
import { Button, Field, Form, Page, Pager, Panel, Search, Sheet, Table, Tag, Time, toast } from '../ui/index.js';
import { t } from '../strings/things.js';
import { ownZone, THING_NAME } from './parts/attach-thing.js';

/** @typedef {import('./parts/thing-model.js').ThingView} ThingView */

await style('devices');

export const title = t.title;

const PER_PAGE = 50;

/** @param {{query: Record<string, string>}} props */
export default function Things({ query }) {
  const load = useLoad(async (api) => /** @type {Promise<ThingView[]>} */ (api.iot('GET', '/v2/things')), []);
  const creating = useSignal(false);
  const sort = query.sort || 'name';
  const page = Math.max(1, Number(query.page) || 1);
  const q = query.q ?? '';
  const found = useMemo(
    () =>
      sorted(
        (load.data ?? []).filter((thing) => matches(thing, q)),
        sort,
      ),
    [load.data, q, sort],
  );
  const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
  const shown = found.slice((page - 1) * PER_PAGE, page * PER_PAGE);
  const nothing = load.state === 'ready' && load.data?.length === 0;
  const begin = () => {
    creating.value = true;
  };
  const create = html`<${Button} kind="primary" icon="plus" label=${t.create} onClick=${begin} />`;
  return html`
    <${Page} title=${t.title} line=${t.line} action=${create}>
      <div class="devices">
        ${
          !nothing &&
          html`<div class="devices-filters">
          <${Search} label=${t.search} value=${q} onInput=${(/** @type {string} */ text) => setQuery({ q: text || null, page: null })} />
        </div>`
        }
        <${Panel} flush title=${load.data && !nothing ? t.count(found.length) : t.title} calls=${load.calls}><${Table}
          label=${t.title}
          columns=${COLUMNS}
          rows=${shown}
          keyOf=${(/** @type {ThingView} */ row) => row.id}
          hrefOf=${(/** @type {ThingView} */ row) => `/console/things/${row.id}`}
          load=${load}
          filtered=${Boolean(q)}
          onClear=${() => setQuery({ q: null, page: null })}
          sort=${sort}
          onSort=${(/** @type {string} */ next) => setQuery({ sort: next === 'name' ? null : next, page: null })}
          empty=${{ sentence: t.empty.sentence, action: html`<${Button} icon="plus" label=${t.create} onClick=${begin} />`, example: t.empty.example, icon: 'layers' }}
        /><//>
        ${
          pages > 1 &&
          html`<${Pager} page=${page} pages=${pages} total=${found.length}
          onPage=${(/** @type {number} */ next) => {
            setQuery({ page: next === 1 ? null : next }, { replace: false });
            scrollTo({ top: 0 });
          }} />`
        }
      </div>
      ${
        creating.value &&
        html`<${Create} onClose=${() => {
          creating.value = false;
        }} />`
      }
    <//>
  `;
}

/** @param {ThingView} thing @param {string} q */
function matches(thing, q) {
  const text =
    `${thing.name} ${thing.id} ${thing.device_name ?? ''} ${Object.entries(thing.tags).flat().join(' ')}`.toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** @param {ThingView[]} things @param {string} sort */
function sorted(things, sort) {
  const down = sort.startsWith('-');
  const key = sort.replace('-', '');
  /** @type {(thing: ThingView) => string|number} */
  const value =
    key === 'properties_count'
      ? (thing) => thing.properties_count
      : key === 'updated_at'
        ? (thing) => Date.parse(thing.updated_at)
        : key === 'device_name'
          ? (thing) => thing.device_name ?? '\uffff'
          : (thing) => thing.name;
  const before = (/** @type {ThingView} */ a, /** @type {ThingView} */ b) => {
    const [x, y] = [value(a), value(b)];
    return typeof x === 'number' && typeof y === 'number'
      ? x - y
      : String(x).localeCompare(String(y), undefined, { numeric: true });
  };
  return [...things].sort((a, b) => (down ? before(b, a) : before(a, b)));
}

const COLUMNS = [
  {
    key: 'name',
    label: t.column.name,
    sort: true,
    render: (/** @type {ThingView} */ row) => html`<span class="devices-name">${row.name}</span>`,
  },
  {
    key: 'device_name',
    label: t.column.board,
    sort: true,
    render: (/** @type {ThingView} */ row) =>
      row.device_id
        ? html`<a class="devices-link" href=${`/console/devices/${row.device_id}`}>${row.device_name || row.device_id}</a>`
        : html`<span class="devices-none">${t.noBoard}</span>`,
  },
  {
    key: 'properties_count',
    label: t.column.variables,
    sort: true,
    align: /** @type {'end'} */ ('end'),
    width: '112px',
    hidePhone: true,
  },
  {
    key: 'tags',
    label: t.column.tags,
    hidePhone: true,
    render: (/** @type {ThingView} */ row) => html`<span class="devices-tags">
      ${Object.entries(row.tags)
        .slice(0, 2)
        .map(([key, value]) => html`<${Tag} key=${key} label=${`${key}: ${value}`} />`)}
    </span>`,
  },
  {
    key: 'updated_at',
    label: t.column.changed,
    sort: true,
    hidePhone: true,
    width: '140px',
    render: (/** @type {ThingView} */ row) => html`<${Time} at=${row.updated_at} />`,
  },
];

/** @param {{onClose: () => void}} props */
function Create({ onClose }) {
  const name = useSignal('');
  const error = useSignal('');
  const busy = useSignal(false);
  const bad = name.value && !THING_NAME.test(name.value) ? t.fresh.bad : '';
  const submit = async () => {
    if (!THING_NAME.test(name.value)) return;
    busy.value = true;
    try {
      const thing = await iot('PUT', '/v2/things', { body: { name: name.value, timezone: ownZone() } });
      toast(t.fresh.done, { kind: 'ok' });
      navigate(`/console/things/${thing.id}`);
    } catch (wrong) {
      error.value = wrong instanceof Error ? wrong.message : String(wrong);
      busy.value = false;
    }
  };
  return html`
    <${Sheet} open title=${t.fresh.title} onClose=${onClose}
      footer=${html`<${Button} kind="primary" label=${t.fresh.do} busy=${busy.value} disabled=${!THING_NAME.test(name.value)} onClick=${submit} />`}>
      <${Form} onSubmit=${submit} busy=${busy.value} error=${error.value}>
        <${Field} label=${t.fresh.name} hint=${t.fresh.hint} value=${name.value} error=${bad} required autofocus
          onInput=${(/** @type {string} */ text) => {
            name.value = text;
            error.value = '';
          }} />
        <p class="muted">${t.fresh.zone}: ${ownZone()}</p>
      <//>
    <//>
  `;
}
