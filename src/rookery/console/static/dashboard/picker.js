/** Adding a widget: first the variable, then how to show it, drawn with the variable's own values. */
import { html, useEffect, useMemo, useRef, useState } from '../html.js';
import { useLoad } from '../api/rest.js';
import { Button, Empty, ErrorBox, Field, Icon, Search, Sheet, Skeleton, Tag } from '../ui/index.js';
import { kinds as allKinds, kindOf, standalone } from '../widgets/registry.js';
import { formatValue } from '../widgets/types.js';
import { Boards } from './picker-boards.js';
import { onPhone } from './board.js';
import { Tile } from './frame.js';
import { GAP, ROW } from './geometry.js';
import { boundsOf, offered } from './kinds.js';
import { isSource } from './sources.js';
import { variablesOf } from './variables.js';
import t from '../strings/dashboard.js';

const words = t.picker;
/** Variables listed at once: more are found by searching. */
const LISTED = 200;

/** @typedef {import('./document.js').Linked} Linked */
/** @typedef {{variables: Linked[], source: any}} Choice */

/**
 * @param {{work: import('./work.js').Work, mode: string, from: any, onClose: () => void, onAdded: (id: string) => void}} props
 *   mode: 'add' makes a widget; 'link' adds a variable to the chosen one, 'replace' gives it another
 */
export function Picker({ work, mode, from, onClose, onAdded }) {
  const [target] = mode === 'add' ? [] : work.chosen.peek();
  const [search, setSearch] = useState('');
  const [choice, setChoice] = useState(/** @type {Choice} */ ({ variables: [], source: null }));
  const things = useLoad((api) => api.iot('GET', '/v2/things', { query: { show_properties: true } }), []);
  const all = useMemo(() => variablesOf(things.data), [things.data]);
  const kind = target ? kindOf(target.type) : null;
  const suits = (/** @type {any} */ each) => !kind || kind.unknown || kind.fits([...(mode === 'link' && target ? target.variables : []), each]);
  const text = search.trim().toLowerCase();
  const found = all.filter((each) => suits(each) && (!text || `${each.name} ${each.variable_name} ${each.thing_name}`.toLowerCase().includes(text)));

  /** @param {Linked} variable */
  const pick = (variable) => {
    if (target) {
      const variables = mode === 'link' ? [...target.variables.filter((each) => each.id !== variable.id), variable] : [variable, ...target.variables.slice(1)];
      work.patch(target.id, { variables, unlinked: false, options: without(target.options, 'source') });
      onClose();
      return;
    }
    const has = choice.variables.some((each) => each.id === variable.id);
    setChoice({ source: null, variables: has ? choice.variables.filter((each) => each.id !== variable.id) : [...choice.variables, variable] });
  };
  /** @param {any} source */
  const pickSource = (source) => {
    if (target) {
      work.patch(target.id, { variables: [], unlinked: false, options: { ...target.options, source } });
      onClose();
    } else setChoice({ variables: [], source });
  };
  /** @param {string} type */
  const add = (type) => {
    const id = work.add({ type, name: '', options: choice.source ? { source: choice.source } : {}, variables: choice.variables });
    onClose();
    onAdded(id);
  };

  const list = html`<div class="db-pick-list">
    <${Search} value=${search} onInput=${setSearch} label=${words.search} />
    ${things.state === 'error' ? html`<${ErrorBox} error=${things.error} retry=${things.reload} />` : null}
    ${things.state === 'loading' ? html`<${Skeleton} rows=${6} />` : null}
    ${things.state === 'ready' && all.length === 0
      ? html`<${Empty} sentence=${words.noVariables} example=${words.noVariablesExample} action=${html`<${Button} href="/console/things" label=${words.noVariablesAction} />`} />`
      : null}
    ${all.length > 0 && found.length === 0 && text ? html`<p class="muted db-pick-none">${words.noMatch(search)}</p>` : null}
    ${grouped(found.slice(0, LISTED)).map(
      ([thing, variables]) => html`<section key=${thing}>
        <h3 class="db-pick-thing">${thing}</h3>
        <ul class="plain">
          ${variables.map((each) => html`<${Row} key=${each.id} variable=${each} chosen=${choice.variables.some((one) => one.id === each.id)} onPick=${pick} />`)}
        </ul>
      </section>`,
    )}
    ${found.length > LISTED ? html`<p class="muted small">${words.more(found.length - LISTED)}</p>` : null}
    <${Boards} text=${text} chosen=${choice.source} onPick=${pickSource} suits=${(/** @type {any} */ each) => mode !== 'link' && suits(each)} />
  </div>`;
  if (target) return html`<${Sheet} open=${true} title=${words.choose} onClose=${onClose}>${list}<//>`;
  return html`<${Sheet} open=${true} wide=${true} title=${words.title} onClose=${onClose}>
    <div class="db-pick">
      ${list}
      <${Kinds} choice=${choice} from=${from} onAdd=${add} onSource=${pickSource} onClear=${() => setChoice({ variables: [], source: null })} />
    </div>
  <//>`;
}

/** @param {Record<string, any>} options @param {string} key */
function without(options, key) {
  const next = { ...options };
  delete next[key];
  return next;
}

/** @param {Linked[]} variables @returns {[string, Linked[]][]} */
function grouped(variables) {
  /** @type {Map<string, Linked[]>} */
  const groups = new Map();
  for (const each of variables) {
    const group = groups.get(each.thing_name);
    if (group) group.push(each);
    else groups.set(each.thing_name, [each]);
  }
  return [...groups];
}

/** @param {{variable: Linked, chosen: boolean, onPick: (variable: Linked) => void}} props */
function Row({ variable, chosen, onPick }) {
  const writes = variable.permission === 'READ_WRITE';
  return html`<li>
    <button type="button" class="db-pick-row" aria-pressed=${String(chosen)} onClick=${() => onPick(variable)}>
      <span class="db-tick">${chosen ? html`<${Icon} name="check" size=${14} />` : null}</span>
      <span class="db-link-name" title=${`${variable.name} (${variable.type.toLowerCase().replaceAll('_', ' ')})`}>${variable.name}</span>
      <span class="db-type num">${formatValue(variable.last_value, variable.type)}</span>
      <span class="db-rights" title=${writes ? words.readWrite : words.readOnly}>
        ${writes ? html`<${Icon} name="pencil" size=${14} label=${words.readWrite} />` : html`<${Icon} name="eye" size=${14} label=${words.readOnly} />`}
      </span>
    </button>
  </li>`;
}

/** @param {{choice: Choice, from: any, onAdd: (type: string) => void, onSource: (source: any) => void, onClear: () => void}} props */
function Kinds({ choice, from, onAdd, onSource, onClear }) {
  const count = choice.variables.length + (choice.source ? 1 : 0);
  const fits = useMemo(() => {
    if (count === 0) return standalone;
    const widget = sample(allKinds[0]?.kind ?? 'Value', choice);
    return offered(boundsOf(widget, from));
  }, [choice]);
  const head = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    // On a phone the kinds stand below a long list.
    if (count > 0 && onPhone.peek()) head.current?.scrollIntoView({ block: 'start' });
  }, [count > 0]);
  return html`<div class="db-pick-kinds" ref=${head}>
    <div class="db-pick-head">
      <h3>${count === 0 ? words.none : words.fits}</h3>
      ${count > 0 ? html`<${Tag} label=${isSource(choice.source) ? choice.source.name : words.chosen(count)} onRemove=${onClear} />` : null}
    </div>
    <p class="muted small">${count === 0 ? `${words.noneLine} ${words.first}` : choice.variables.length === 1 ? words.several : ''}</p>
    ${count > 0 && fits.length === 0 ? html`<p>${words.nothingFits}</p>` : null}
    ${choice.source && choice.source.kind !== 'variable'
      ? html`<${Field}
          label=${t.inspector.sourceType}
          type="select"
          value=${choice.source.type}
          options=${t.inspector.types.map(([value, label]) => ({ value, label }))}
          onInput=${(/** @type {string} */ type) => onSource({ ...choice.source, type })}
        />`
      : null}
    <div class="db-samples">
      ${fits.map((kind) => {
        const widget = sample(kind.kind, choice);
        return html`<div key=${kind.kind} class=${`db-sample${kind.size.w > 4 && count > 0 ? ' db-sample-wide' : ''}`}>
          <div class="db-sample-face" inert aria-hidden="true" style=${{ height: `${Math.min(kind.size.h, 3) * ROW - GAP}px` }}>
            <${Tile} widget=${widget} bounds=${boundsOf(widget, from)} range=${from.range} setRange=${() => undefined} syncKey="sample" editing=${true} />
          </div>
          <button type="button" class="db-sample-name" onClick=${() => onAdd(kind.kind)}><${Icon} name=${kind.icon} />${kind.label}</button>
        </div>`;
      })}
    </div>
  </div>`;
}

/** @param {string} type @param {Choice} choice @returns {import('./document.js').Widget} */
const sample = (type, choice) => ({
  id: `sample-${type}`,
  type,
  name: '',
  options: choice.source ? { source: choice.source } : {},
  page: '0',
  variables: choice.variables,
  desktop: { x: 0, y: 0, w: 6, h: 2 },
  phone: null,
  unlinked: false,
  mistyped: false,
});
