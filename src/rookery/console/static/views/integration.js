/** One webhook: its request beside a sample event, and its deliveries. */
import { html, useEffect, useMemo, useState } from '../html.js';
import { useLoad, v1 } from '../api/rest.js';
import { navigate, setQuery } from '../router.js';
import { style } from '../style.js';
import { Button, confirmLeave, Dialog, ErrorBox, Field, Form, Menu, Page, Panel, Skeleton, Tabs, toast } from '../ui/index.js';
import t from '../strings/integrations.js';
import { Deliveries } from './parts/integration-deliveries.js';
import { RequestForm } from './parts/integration-form.js';
import { definitionOf, draftOf, NEW, pageOf, pathOf } from './parts/integration-model.js';
import { loadPlaces } from './parts/integration-places.js';
import { SamplePanel } from './parts/integration-sample.js';

await style('integrations');

export const title = t.title;

/** @typedef {import('./parts/integration-model.js').Draft} Draft */

/** @param {{params: Record<string, string>, query: Record<string, string>}} props */
export default function Integration({ params, query }) {
  return params.id === 'new' ? html`<${NewOne} query=${query} />` : html`<${ThisOne} key=${params.id} params=${params} place=${query.place ?? ''} />`;
}

function useDevices() {
  const load = useLoad((api) => api.own('GET', 'devices', { query: { per_page: 500, sort: 'name' } }));
  return useMemo(
    () =>
      (load.data?.devices ?? [])
        .filter((/** @type {any} */ each) => each.hex_id)
        .map((/** @type {any} */ each) => ({ value: each.hex_id, label: each.name ?? each.hex_id })),
    [load.data],
  );
}

const back = { href: '/console/integrations', label: t.back };

/** @param {{query: Record<string, string>}} props */
function NewOne({ query }) {
  const [draft, setDraft] = useState(/** @type {Draft} */ ({ ...NEW, event: query.event ?? '' }));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const places = useLoad(loadPlaces);
  const devices = useDevices();
  const place = query.place ?? '';
  const dirty = !busy && Boolean(draft.event || draft.url);
  confirmLeave(dirty, t.leave);
  const create = async () => {
    setBusy(true);
    setError(null);
    try {
      const made = await v1('POST', pathOf(place), { body: definitionOf(draft) });
      toast(t.created);
      navigate(pageOf(made.id, place), { force: true });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const action = html`<${Button} label=${t.createIt} kind="primary" busy=${busy} disabled=${!draft.event || !draft.url} onClick=${create} />`;
  return html`<${Page} title=${t.newTitle} line=${t.newLine} back=${back} action=${action} json=${false}>
    <div class="integration-split">
      <${Panel} title=${t.request}>
        <${Form} onSubmit=${create} busy=${busy} error=${error} label=${t.request}>
          ${(places.data ?? []).length > 1
            ? html`<${Field}
                label=${t.place}
                type="select"
                value=${place}
                options=${(places.data ?? []).map((each) => ({ value: each.id, label: each.label }))}
                onInput=${(/** @type {string} */ id) => setQuery({ place: id || null })}
              />`
            : null}
          <${RequestForm} draft=${draft} onDraft=${(/** @type {Partial<Draft>} */ changes) => setDraft({ ...draft, ...changes })} devices=${devices} />
        <//>
      <//>
      <${SamplePanel} draft=${draft} place=${place} devices=${devices} id=${null} dirty=${dirty} onTested=${() => undefined} />
    </div>
  <//>`;
}

/** @param {{params: Record<string, string>, place: string}} props */
function ThisOne({ params, place }) {
  const path = `${pathOf(place)}/${params.id}`;
  const load = useLoad(async (api) => (await api.v1('GET', path)).integration, [path]);
  const view = load.data;
  const [draft, setDraft] = useState(/** @type {Draft | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [removing, setRemoving] = useState(false);
  const devices = useDevices();
  useEffect(() => {
    if (view && !draft) setDraft(draftOf(view));
  }, [view]);
  const dirty = Boolean(draft && view && JSON.stringify(definitionOf(draft)) !== JSON.stringify(definitionOf(draftOf(view))));
  confirmLeave(dirty, t.leave);

  /** @param {Draft} next @param {string} words */
  const put = async (next, words) => {
    setBusy(true);
    setError(null);
    try {
      const { integration } = await v1('PUT', path, { body: definitionOf(next) });
      load.set({ ...view, counters: [], ...integration, disabled_reason: undefined });
      setDraft(draftOf(integration));
      toast(words);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const remove = async () => {
    setBusy(true);
    try {
      await v1('DELETE', path);
      toast(t.removed);
      navigate('/integrations', { force: true });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };

  if (!view || !draft) {
    return html`<${Page} title=${t.title} back=${back} json=${false}>
      ${load.state === 'error' ? html`<${ErrorBox} error=${load.error} retry=${load.reload} />` : html`<${Skeleton} rows=${6} />`}
    <//>`;
  }
  const tab = params.tab === 'deliveries' ? 'deliveries' : 'edit';
  const save = () => put(draft, t.saved);
  const action = html`<${Button} label=${view.disabled ? t.turnOn : t.turnOff} icon=${view.disabled ? 'play' : 'pause'} busy=${busy} disabled=${dirty} onClick=${() => put({ ...draft, disabled: !view.disabled }, view.disabled ? t.turnedOn : t.turnedOff)} />
    ${tab === 'edit' ? html`<${Button} label=${t.save} kind="primary" busy=${busy} disabled=${!dirty} onClick=${save} />` : null}
    <${Menu} name=${t.more} items=${[{ label: t.remove, icon: 'trash-2', danger: true, onClick: () => setRemoving(true) }]} />`;
  return html`<${Page} title=${view.name} line=${t.editLine(view.event)} back=${back} action=${action}>
    ${view.disabled && view.disabled_reason ? html`<${ErrorBox} error=${t.disabledWhy(view.disabled_reason)} />` : null}
    <${Tabs}
      label=${t.tabsLabel}
      current=${tab}
      tabs=${[
        { id: 'edit', label: t.tabs.edit, href: pageOf(params.id, place) },
        { id: 'deliveries', label: t.tabs.deliveries, href: pageOf(params.id, place, 'deliveries') },
      ]}
    />
    ${tab === 'deliveries'
      ? html`<${Deliveries} id=${params.id} place=${place} counters=${view.counters ?? []} />`
      : html`<div class="integration-split">
          <${Panel} title=${t.request} calls=${load.calls}>
            <${Form} onSubmit=${save} busy=${busy} error=${error} label=${t.request}>
              <${RequestForm} draft=${draft} onDraft=${(/** @type {Partial<Draft>} */ changes) => setDraft({ ...draft, ...changes })} devices=${devices} />
            <//>
          <//>
          <${SamplePanel} draft=${draft} place=${place} devices=${devices} id=${params.id} dirty=${dirty} onTested=${() => load.reload()} />
        </div>`}
    <${Dialog}
      open=${removing}
      title=${t.removeTitle(view.name)}
      danger=${true}
      confirmLabel=${t.remove}
      mustType=${view.name}
      busy=${busy}
      error=${removing ? error : null}
      onConfirm=${remove}
      onClose=${() => setRemoving(false)}
    >
      <p>${t.removeWords}</p>
    <//>
  <//>`;
}
