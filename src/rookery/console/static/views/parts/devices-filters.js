/** What the list of devices is searched and filtered by. All of it is in the address. */
import { html, useSignal } from '../../html.js';
import { setQuery } from '../../router.js';
import { useLoad } from '../../api/rest.js';
import { Button, Field, Form, Search, Sheet, Tag } from '../../ui/index.js';
import { t } from '../../strings/devices.js';

/** @typedef {{q: string, dialect: string, online: string, product: string, group: string, tag: string}} FilterSet */

export const NO_FILTERS = { q: null, dialect: null, online: null, product: null, group: null, tag: null };

/**
 * @param {Record<string, string>} query
 * @returns {FilterSet}
 */
export const filtersOf = (query) => ({
  q: query.q ?? '',
  dialect: query.dialect ?? '',
  online: query.online ?? '',
  product: query.product ?? '',
  group: query.group ?? '',
  tag: query.tag ?? '',
});

/** @param {FilterSet} filters */
export const isFiltered = (filters) => Object.values(filters).some(Boolean);

/** Milliseconds of silence after which what was typed is searched for. */
const TYPING = 250;

/** @param {{filters: FilterSet, total: number|null}} props */
export function Filters({ filters, total }) {
  const typed = useSignal(filters.q);
  const timer = useSignal(/** @type {ReturnType<typeof setTimeout> | null} */ (null));
  const more = useSignal(false);
  const products = useLoad((api) => api.v1('GET', '/user/products'), []);
  const list = /** @type {{id: number, name: string}[]} */ (products.data?.products ?? []);

  const search = (/** @type {string} */ text) => {
    typed.value = text;
    if (timer.peek()) clearTimeout(/** @type {any} */ (timer.peek()));
    timer.value = setTimeout(() => setQuery({ q: text || null, page: null }), TYPING);
  };
  const choose = (/** @type {string} */ name) => (/** @type {string} */ value) => setQuery({ [name]: value || null, page: null });

  return html`
    <div class="devices-filters" role="search">
      <${Search} label=${t.search} value=${typed.value} onInput=${search} />
      <${Choice} label=${t.filter.state} value=${filters.online} onChoose=${choose('online')} options=${[
        ['', t.filter.anyState],
        ['true', t.filter.online],
        ['false', t.filter.offline],
      ]} />
      <${Choice} label=${t.filter.kind} value=${filters.dialect} onChoose=${choose('dialect')} options=${[
        ['', t.filter.anyKind],
        ['arduino', t.kinds.arduino],
        ['particle', t.kinds.particle],
      ]} />
      ${
        list.length > 0 &&
        html`
        <${Choice} label=${t.filter.product} value=${filters.product} onChoose=${choose('product')} options=${[
          ['', t.filter.anyProduct],
          ...list.map((each) => [String(each.id), each.name]),
        ]} />
      `
      }
      <${Button} kind="quiet" icon="sliders-horizontal" label=${t.filter.more} onClick=${() => {
        more.value = true;
      }} />
      ${filters.group && html`<${Tag} label=${t.shown.group(filters.group)} onRemove=${() => choose('group')('')} />`}
      ${filters.tag && html`<${Tag} label=${t.shown.tag(filters.tag)} onRemove=${() => choose('tag')('')} />`}
      ${
        isFiltered(filters) &&
        total !== null &&
        html`
        <span class="hidden" role="status">${t.count(total)}</span>
        <${Button} kind="quiet" small label=${t.filter.clear} onClick=${() => {
          typed.value = '';
          setQuery({ ...NO_FILTERS, page: null });
        }} />
      `
      }
    </div>
    ${
      more.value &&
      html`<${More} filters=${filters} onClose=${() => {
        more.value = false;
      }} />`
    }
  `;
}

/** @param {{label: string, value: string, options: [string, string][], onChoose: (value: string) => void}} props */
function Choice({ label, value, options, onChoose }) {
  return html`
    <div class=${value ? 'devices-choice devices-chosen' : 'devices-choice'}>
      <${Field} type="select" hideLabel label=${label} value=${value} onInput=${onChoose}
        options=${options.map(([key, words]) => ({ value: key, label: words }))} />
    </div>
  `;
}

/** @param {{filters: FilterSet, onClose: () => void}} props */
function More({ filters, onClose }) {
  const group = useSignal(filters.group);
  const tag = useSignal(filters.tag);
  const error = useSignal('');
  const apply = () => {
    if (tag.value && !/^[^:]+(:[^:]+)?$/.test(tag.value.trim())) {
      error.value = t.filter.tagBad;
      return;
    }
    setQuery({ group: group.value.trim() || null, tag: tag.value.replace(/\s*:\s*/, ':').trim() || null, page: null });
    onClose();
  };
  return html`
    <${Sheet} open title=${t.filter.title} onClose=${onClose}
      footer=${html`<${Button} kind="primary" label=${t.filter.apply} onClick=${apply} />`}>
      <${Form} onSubmit=${apply}>
        <${Field} label=${t.filter.tag} hint=${t.filter.tagHint} value=${tag.value} error=${error.value}
          onInput=${(/** @type {string} */ value) => {
            tag.value = value;
            error.value = '';
          }} autofocus />
        <${Field} label=${t.filter.group} hint=${t.filter.groupHint} value=${group.value}
          onInput=${(/** @type {string} */ value) => {
            group.value = value;
          }} />
      <//>
    <//>
  `;
}
