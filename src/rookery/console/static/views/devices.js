/** All boards of the space: found by name, filtered, sorted, a page at a time; several at once can be tagged, put into a
 * product or deleted. What the table shows is in the address. */
import { html, useEffect, useLayoutEffect, useMemo, useRef, useSignal } from '../html.js';
import { style } from '../style.js';
import { setQuery } from '../router.js';
import { own, useLoad } from '../api/rest.js';
import { useLive } from '../api/live.js';
import { Button, Dot, Page, Pager, Panel, Table, Tag, Time, toast } from '../ui/index.js';
import { t } from '../strings/devices.js';
import { modelOf, nameOf } from './parts/devices-model.js';
import { Filters, filtersOf, isFiltered, NO_FILTERS } from './parts/devices-filters.js';
import { Bulk } from './parts/devices-bulk.js';
import { SimulatedMenu, StartSimulated } from './parts/devices-simulated.js';

/** @typedef {import('./parts/devices-model.js').Device} Device */
/** @typedef {import('./parts/devices-model.js').DevicePage} DevicePage */

await style('devices');

export const title = t.title;

const PER_PAGE = 50;
/** Milliseconds between two loads that changes elsewhere ask for: ten thousand boards come back at once after a restart. */
const CALM = 2_000;

/** @param {{query: Record<string, string>}} props */
export default function Devices({ query }) {
  const filters = filtersOf(query);
  const page = Math.max(1, Number(query.page) || 1);
  const sort = query.sort || 'name';
  /** Presence that came after the page was asked for. @type {import('../html.js').Signal<Map<string, {online: boolean, time: number}>>} */
  const presence = useSignal(new Map());
  const load = useLoad(
    async (api) => {
      const before = presence.peek();
      const told = await api.own('GET', 'devices', { query: { ...filters, sort, page, per_page: PER_PAGE } });
      return { .../** @type {DevicePage} */ (told), before };
    },
    [JSON.stringify(filters), sort, page],
  );
  /** Selected boards by id, also those of other pages. @type {import('../html.js').Signal<Set<string>>} */
  const selected = useSignal(new Set());
  const known = useRef(/** @type {Map<string, Device>} */ (new Map()));
  const reload = useCalm(load.reload);

  useLive('devices', (message) => {
    if (message.k === 'changed') reload();
    if (message.k !== 'presence' || !known.current.has(message.device)) return;
    presence.value = new Map(presence.value).set(message.device, { online: message.online, time: message.time });
  });

  const rows = load.data?.devices ?? [];
  for (const row of rows) known.current.set(row.id, row);
  useLayoutEffect(() => {
    const { before } = load.data ?? {};
    presence.value = new Map([...presence.peek()].filter(([id, heard]) => before?.get(id) !== heard));
  }, [load.data]);

  const columns = useMemo(() => columnsOf(presence, rows), [presence, load.data]);
  const total = load.data?.total ?? 0;
  const pages = Math.max(1, Math.ceil(total / (load.data?.per_page ?? PER_PAGE)));
  const chosen = [...selected.value].map((id) => known.current.get(id)).filter((each) => each !== undefined);
  const wholePage = rows.length > 0 && rows.every((row) => selected.value.has(row.id));
  const gathering = useSignal(false);
  const selectAll = async () => {
    gathering.value = true;
    try {
      for (const device of await matching(filters, total)) known.current.set(device.id, device);
      selected.value = new Set(known.current.keys());
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { kind: 'error' });
    }
    gathering.value = false;
  };
  const nothing = load.state === 'ready' && total === 0 && !isFiltered(filters);
  const clear = () => setQuery({ ...NO_FILTERS, page: null });

  return html`
    <${Page}
      title=${t.title}
      line=${t.line}
      action=${html`<span class="device-actions">
        <${SimulatedMenu} onDone=${load.reload} />
        <${Button} kind="primary" icon="plus" label=${t.connect} href="/console/connect" />
      </span>`}
    >
      <div class="devices">
        ${!nothing && html`<${Filters} filters=${filters} total=${load.state === 'ready' ? total : null} />`}
        ${
          chosen.length > 0 &&
          html`<${Bulk} devices=${chosen} selected=${selected} onDone=${load.reload} busy=${gathering.value}
          others=${wholePage && total > chosen.length ? total : 0} onAll=${selectAll} />`
        }
        <${Panel} flush title=${load.data && !nothing ? t.count(total) : t.title} calls=${load.calls}><${Table}
          label=${t.title}
          columns=${columns}
          rows=${rows}
          keyOf=${(/** @type {Device} */ row) => row.id}
          hrefOf=${(/** @type {Device} */ row) => `/console/devices/${row.id}`}
          load=${load}
          filtered=${isFiltered(filters)}
          onClear=${clear}
          selected=${selected}
          sort=${sort}
          onSort=${(/** @type {string} */ next) => setQuery({ sort: next === 'name' ? null : next, page: null })}
          empty=${{
            sentence: t.empty.sentence,
            action: html`<span class="device-actions">
              <${Button} icon="plus" label=${t.connect} href="/console/connect" /> <${StartSimulated} onDone=${load.reload} />
            </span>`,
            example: html`<code>${t.empty.example}</code>`,
            icon: 'cpu',
          }}
        /><//>
        ${
          pages > 1 &&
          html`
          <${Pager} page=${page} pages=${pages} total=${total}
            onPage=${(/** @type {number} */ next) => {
              setQuery({ page: next === 1 ? null : next }, { replace: false });
              scrollTo({ top: 0 });
            }} />
        `
        }
      </div>
    <//>
  `;
}

/** Boards of one answer. */
const MOST = 500;

/**
 * All boards that match, whatever page they are on.
 * @param {import('./parts/devices-filters.js').FilterSet} filters
 * @param {number} total
 * @returns {Promise<Device[]>}
 */
async function matching(filters, total) {
  /** @type {Device[]} */
  const found = [];
  for (let page = 1; (page - 1) * MOST < total; page += 1) {
    const part = /** @type {DevicePage} */ (
      await own('GET', 'devices', { query: { ...filters, sort: 'name', page, per_page: MOST } })
    );
    found.push(...part.devices);
  }
  return found;
}

/**
 * The columns; products and tags only where a board on this page has one.
 * @param {import('../html.js').Signal<Map<string, {online: boolean, time: number}>>} presence
 * @param {Device[]} rows
 */
function columnsOf(presence, rows) {
  const all = [
    {
      key: 'name',
      label: t.column.name,
      sort: true,
      render: (/** @type {Device} */ row) => html`<span class="devices-name">${nameOf(row)}</span>`,
    },
    {
      key: 'online',
      label: t.column.state,
      width: '112px',
      render: (/** @type {Device} */ row) => html`<${Dot} online=${(presence.value.get(row.id) ?? row).online} />`,
    },
    {
      key: 'last_heard',
      label: t.column.heard,
      sort: true,
      width: '136px',
      hidePhone: true,
      render: (/** @type {Device} */ row) => html`<${Time} at=${presence.value.get(row.id)?.time ?? row.last_heard} />`,
    },
    {
      key: 'type',
      label: t.column.kind,
      sort: true,
      hidePhone: true,
      render: (/** @type {Device} */ row) => html`
        <span class="devices-kind">${modelOf(row)} <span class="devices-none">${t.kinds[row.dialect]}</span></span>
      `,
    },
    {
      key: 'thing',
      label: t.column.thing,
      hidePhone: true,
      render: (/** @type {Device} */ row) =>
        row.thing && html`<a class="devices-link" href=${`/console/things/${row.thing.id}`}>${row.thing.name}</a>`,
    },
    rows.some((row) => row.product) && {
      key: 'product',
      label: t.column.product,
      hidePhone: true,
      render: (/** @type {Device} */ row) =>
        row.product && html`<a class="devices-link" href=${`/console/products/${row.product.number}`}>${row.product.name}</a>`,
    },
    rows.some((row) => row.groups.length > 0 || Object.keys(row.tags).length > 0) && {
      key: 'tags',
      label: t.column.tags,
      hidePhone: true,
      render: (/** @type {Device} */ row) => html`<${Labels} device=${row} />`,
    },
  ];
  return all.filter((column) => column !== false);
}

const LABELS = 2;

/** @param {{device: Device}} props */
function Labels({ device }) {
  const all = [...device.groups, ...Object.entries(device.tags).map(([key, value]) => `${key}: ${value}`)];
  return html`
    <span class="devices-tags" title=${all.join('\n')}>
      ${all.slice(0, LABELS).map((label) => html`<${Tag} key=${label} label=${label} />`)}
      ${all.length > LABELS && html`<span class="devices-none">${t.more(all.length - LABELS)}</span>`}
    </span>
  `;
}

/**
 * The same function, called at most once in `CALM` milliseconds.
 * @param {() => unknown} call
 */
function useCalm(call) {
  const latest = useRef(call);
  latest.current = call;
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | null} */ (null));
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current);
    },
    [],
  );
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      latest.current();
    }, CALM);
  };
}
