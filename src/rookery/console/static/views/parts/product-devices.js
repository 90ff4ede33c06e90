import { html, useSignal, useState } from '../../html.js';
import { useLoad, v1 } from '../../api/rest.js';
import { setQuery } from '../../router.js';
import { Button, Dialog, Dot, Field, Id, Menu, Pager, Panel, Search, Table, Tag, Time, toast } from '../../ui/index.js';
import { Importing } from './product-import.js';
import { Regrouping } from './product-regroup.js';
import t from '../../strings/products.js';

/**
 * @typedef {{id: string, name: string, online: boolean, last_heard: string | null, owner: string | null,
 *   groups: string[], firmware_version: number | null, quarantined: boolean, denied: boolean, development: boolean}} Board
 */

const PER_PAGE = 25;

/**
 * The boards of a product: searched, grouped, let in and kept out.
 * @param {{base: string, product: {groups: string[]}, query: Record<string, string>, onChange: () => void}} props
 */
export function Devices({ base, product, query, onChange }) {
  const page = Number(query.page ?? 1);
  const load = useLoad(
    async (api) =>
      api.v1('GET', `${base}/devices`, {
        query: {
          page,
          perPage: PER_PAGE,
          deviceName: /^[0-9a-f]{6,}$/i.test(query.q ?? '') ? undefined : query.q,
          deviceId: /^[0-9a-f]{6,}$/i.test(query.q ?? '') ? query.q : undefined,
          groups: query.group,
          quarantined: query.waiting ? 'true' : undefined,
        },
      }),
    [base, page, query.q, query.group, query.waiting],
  );
  const selected = useSignal(/** @type {Set<string>} */ (new Set()));
  const [open, setOpen] = useState(/** @type {'import' | 'groups' | null} */ (null));
  const [asked, setAsked] = useState(/** @type {{what: 'deny' | 'remove', board: Board} | null} */ (null));
  const filtered = Boolean(query.q || query.group || query.waiting);
  const changed = () => {
    setOpen(null);
    selected.value = new Set();
    load.reload();
    onChange();
  };
  /** @param {Promise<any>} done @param {string} words */
  const act = async (done, words) => {
    try {
      await done;
      toast(words);
      changed();
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
    }
  };

  /** @param {Board} board */
  const menu = (board) => html`<${Menu}
    name=${t.more(board.name)}
    items=${[
      ...(board.quarantined
        ? [
            { label: t.approve, icon: 'check', onClick: () => act(approve(base, board), t.approved(board.name)) },
            { label: t.deny, icon: 'ban', danger: true, onClick: () => setAsked({ what: 'deny', board }) },
          ]
        : [
            {
              label: board.development ? t.unmarkDevelopment : t.markDevelopment,
              icon: 'flask-conical',
              onClick: () =>
                act(v1('PUT', `${base}/devices/${board.id}`, { body: { development: !board.development } }), t.settingsSaved),
            },
          ]),
      { label: t.removeDevice, icon: 'trash-2', danger: true, onClick: () => setAsked({ what: 'remove', board }) },
    ]}
  />`;

  const actions = html`
    ${selected.value.size > 0 &&
    html`<span class="muted">${t.selected(selected.value.size)}</span>
      <${Button} kind="plain" label=${t.setGroups} onClick=${() => setOpen('groups')} />`}
    <${Button} kind="primary" icon="plus" label=${t.import} onClick=${() => setOpen('import')} />
  `;
  return html`<${Panel} title=${t.devices} line=${t.devicesLine} actions=${actions} calls=${load.calls} flush>
      <div class="row product-filters">
        <${Search} label=${t.search} value=${query.q ?? ''} onInput=${(/** @type {string} */ q) => setQuery({ q: q || null, page: null }, { replace: true })} />
        <${Field}
          type="select"
          label=${t.groups}
          hideLabel
          value=${query.group ?? ''}
          onInput=${(/** @type {string} */ group) => setQuery({ group: group || null, page: null })}
          options=${[{ value: '', label: t.everyGroup }, ...product.groups.map((name) => ({ value: name, label: name }))]}
        />
        <${Field}
          type="select"
          label=${t.show}
          hideLabel
          value=${query.waiting ?? ''}
          onInput=${(/** @type {string} */ waiting) => setQuery({ waiting: waiting || null, page: null })}
          options=${[
            { value: '', label: t.everyDevice },
            { value: '1', label: t.onlyQuarantine },
          ]}
        />
      </div>
      <${Table}
        label=${t.devices}
        load=${load}
        rows=${load.data?.devices ?? []}
        keyOf=${(/** @type {Board} */ board) => board.id}
        hrefOf=${(/** @type {Board} */ board) => `/console/devices/${board.id}`}
        selected=${selected}
        filtered=${filtered}
        onClear=${() => setQuery({ q: null, group: null, waiting: null, page: null })}
        empty=${{ icon: 'cpu', sentence: t.devicesEmpty, example: t.devicesExample }}
        columns=${[
          { key: 'name', label: t.deviceName, render: (/** @type {Board} */ board) => board.name || html`<${Id} id=${board.id} />` },
          { key: 'online', label: t.state, render: states },
          {
            key: 'groups',
            label: t.groups,
            hidePhone: true,
            render: (/** @type {Board} */ board) => board.groups.map((name) => html`<${Tag} key=${name} label=${name} /> `),
          },
          {
            key: 'firmware',
            label: t.firmware,
            align: 'end',
            hidePhone: true,
            render: (/** @type {Board} */ board) => board.firmware_version ?? '–',
          },
          { key: 'owner', label: t.deviceOwner, hidePhone: true, render: (/** @type {Board} */ board) => board.owner ?? t.nobody },
          {
            key: 'heard',
            label: t.lastHeard,
            hidePhone: true,
            render: (/** @type {Board} */ board) => (board.last_heard ? html`<${Time} at=${Date.parse(board.last_heard)} />` : '–'),
          },
          { key: 'more', label: '', align: 'end', width: '48px', render: menu },
        ]}
      />
      <${Pager}
        page=${page}
        pages=${load.data?.meta.total_pages ?? 1}
        total=${load.data?.meta.total ?? 0}
        onPage=${(/** @type {number} */ next) => setQuery({ page: next === 1 ? null : String(next) })}
      />
    <//>
    ${open === 'import' && html`<${Importing} base=${base} onClose=${() => setOpen(null)} onDone=${changed} />`}
    ${open === 'groups' &&
    html`<${Regrouping} base=${base} ids=${[...selected.value]} groups=${product.groups} onClose=${() => setOpen(null)} onDone=${changed} />`}
    ${asked &&
    html`<${Dialog}
      open
      danger
      title=${asked.what === 'deny' ? t.denyTitle(asked.board.name) : t.removeDeviceTitle(asked.board.name)}
      confirmLabel=${asked.what === 'deny' ? t.deny : t.removeDevice}
      onConfirm=${() => {
        const { what, board } = asked;
        setAsked(null);
        const body = what === 'deny' ? { deny: true } : undefined;
        act(v1('DELETE', `${base}/devices/${board.id}`, { body }), t.removed(board.name));
      }}
      onClose=${() => setAsked(null)}
    >
      <p>${asked.what === 'deny' ? t.denyText : t.removeDeviceText}</p>
    <//>`}`;
}

/** @param {Board} board */
function states(board) {
  return html`<${Dot} online=${board.online} />
    ${board.quarantined && html` <${Tag} label=${board.denied ? t.denied : t.quarantined} kind="warning" />`}
    ${board.development && html` <${Tag} label=${t.development} />`}`;
}

/** To import a board that waits lets it in. @param {string} base @param {Board} board */
function approve(base, board) {
  return v1('POST', `${base}/devices`, { body: { id: board.id } });
}
