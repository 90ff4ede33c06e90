/** The side sheet of the editor: what is chosen, with a preview that is the widget itself; else the dashboard. */
import { html } from '../html.js';
import { Button, Field, Icon, IconButton } from '../ui/index.js';
import { kindOf } from '../widgets/registry.js';
import { NAME_LENGTH, PAGES, MAIN, tabsOf, withoutPage } from './document.js';
import { Tile } from './frame.js';
import { ROW } from './geometry.js';
import { newId } from './ids.js';
import { boundsOf, mergedOptions, offered, titleOf } from './kinds.js';
import { isSource } from './sources.js';
import { setQuery } from '../router.js';
import t from '../strings/dashboard.js';

const words = t.inspector;
const WIDGET_NAME_LENGTH = 256;
/** A preview is as high as the widget when it is new, so that it draws itself alike; but leaves room for the settings. */
const PREVIEW_ROWS = 4;
/** The frame around the preview without the gap below the last row, in pixels. */
const PREVIEW_FRAME = 12;

/** @typedef {import('./work.js').Work} Work */
/** @typedef {import('./document.js').Widget} Widget */

/** @param {{work: Work, from: any, open: boolean, onClose: () => void, onLink: (mode: string) => void}} props */
export function Inspector({ work, from, open, onClose, onLink }) {
  const chosen = work.chosen.value;
  const [only] = chosen;
  const title = chosen.length === 0 ? words.dashboard : chosen.length === 1 && only ? titleOf(only) : t.edit.selected(chosen.length);
  return html`<aside class=${`db-inspector${open ? ' db-inspector-open' : ''}`} aria-label=${words.label}>
    <header class="db-inspector-head">
      <h2>${title}</h2>
      <span class="db-inspector-close"><${IconButton} icon="x" label=${words.close} onClick=${onClose} /></span>
    </header>
    ${chosen.length === 0 ? html`<${Whole} work=${work} />` : null}
    ${chosen.length === 1 && only ? html`<${One} key=${only.id} work=${work} widget=${only} from=${from} onLink=${onLink} />` : null}
    ${chosen.length > 1 ? html`<${Several} work=${work} />` : null}
  </aside>`;
}

/** @param {{work: Work}} props */
function Whole({ work }) {
  const doc = work.now.value;
  const rename = (/** @type {string} */ id, /** @type {string} */ name) =>
    work.apply({ ...doc, pages: doc.pages.map((page) => (page.id === id ? { ...page, name } : page)) }, `page/${id}`);
  const shift = (/** @type {number} */ at, /** @type {number} */ by) => {
    const pages = [...doc.pages];
    pages.splice(at + by, 0, .../** @type {any} */ (pages.splice(at, 1)));
    work.apply({ ...doc, pages });
  };
  const drop = (/** @type {string} */ id) => {
    const rest = tabsOf(doc, t.main).filter((page) => page.id !== id);
    const to = rest[0]?.id ?? MAIN;
    work.apply(withoutPage(doc, id, to));
    setQuery({ page: null });
  };
  const add = () => {
    const page = { id: newId(), name: words.newPage(tabsOf(doc, t.main).length + 1), position: doc.pages.length };
    work.apply({ ...doc, pages: [...doc.pages, page] });
  };
  return html`<div class="db-inspector-body">
    <p class="muted">${words.hint}</p>
    <fieldset class="db-set">
      <legend>${words.pages}</legend>
      ${doc.pages.map(
        (page, at) => html`<div class="db-page" key=${page.id}>
          <${Field} label=${words.pageName} hideLabel=${true} value=${page.name} maxlength=${NAME_LENGTH} onInput=${(/** @type {string} */ name) => rename(page.id, name)} />
          <${IconButton} small=${true} icon="chevron-up" label=${words.earlier} disabled=${at === 0} onClick=${() => shift(at, -1)} />
          <${IconButton} small=${true} icon="chevron-down" label=${words.later} disabled=${at === doc.pages.length - 1} onClick=${() => shift(at, 1)} />
          <${IconButton} small=${true} icon="trash-2" label=${words.removePage} onClick=${() => drop(page.id)} />
        </div>`,
      )}
      <${Button} small=${true} icon="plus" label=${words.addPage} disabled=${doc.pages.length >= PAGES} onClick=${add} />
    </fieldset>
    <fieldset class="db-set">
      <legend>${words.cover}</legend>
      <${Field}
        label=${words.cover}
        hideLabel=${true}
        type="url"
        placeholder="https://"
        maxlength=${1024}
        value=${doc.cover}
        hint=${words.coverHint}
        onInput=${(/** @type {string} */ cover) => work.apply({ ...doc, cover }, 'cover')}
      />
    </fieldset>
    <details class="db-keys">
      <summary>${words.keys}</summary>
      <dl>
        ${words.keyList.map(([key, act]) => html`<div><dt>${key}</dt><dd>${act}</dd></div>`)}
      </dl>
    </details>
  </div>`;
}

/** @param {{work: Work}} props */
function Several({ work }) {
  return html`<div class="db-inspector-body">
    <${PageOf} work=${work} />
    <${Acts} work=${work} />
  </div>`;
}

/** @param {{work: Work}} props */
function Acts({ work }) {
  return html`<div class="db-acts">
    <${Button} icon="copy" label=${words.duplicate} onClick=${work.duplicate} />
    <${Button} icon="trash-2" label=${words.remove} onClick=${work.remove} />
  </div>`;
}

/** @param {{work: Work}} props */
function PageOf({ work }) {
  const doc = work.now.value;
  if (doc.pages.length === 0) return null;
  const pages = [{ id: MAIN, name: t.main }, ...doc.pages];
  const move = (/** @type {string} */ page) => {
    const ids = work.selected.peek();
    work.apply({ ...doc, widgets: doc.widgets.map((each) => (ids.has(each.id) ? { ...each, page, phone: null } : each)) });
    setQuery({ page });
  };
  return html`<${Field}
    label=${words.page}
    type="select"
    value=${work.page.value}
    options=${pages.map((page) => ({ value: page.id, label: page.name }))}
    onInput=${move}
  />`;
}

/** @param {{work: Work, widget: Widget, from: any, onLink: (mode: string) => void}} props */
function One({ work, widget, from, onLink }) {
  const bounds = boundsOf(widget, from);
  const kind = kindOf(widget.type);
  const kinds = offered(bounds, kind.kind);
  const options = mergedOptions(kind, bounds, widget.options);
  const set = (/** @type {Record<string, any>} */ patch) => work.setOptions(widget.id, patch);
  const choices = kinds.some((each) => each.kind === kind.kind) ? kinds : [kind, ...kinds];
  const source = widget.options['source'];
  const writes = bounds.some((each) => each.permission === 'READ_WRITE');
  return html`<div class="db-inspector-body">
    <div class="db-preview" style=${{ height: `${Math.min(kind.size.h, PREVIEW_ROWS) * ROW + PREVIEW_FRAME}px` }} aria-hidden="true">
      <${Tile} widget=${widget} bounds=${bounds} range=${from.range} setRange=${() => undefined} syncKey="preview" editing=${true} />
    </div>
    <${Field}
      label=${words.widgetName}
      value=${widget.name}
      maxlength=${WIDGET_NAME_LENGTH}
      placeholder=${titleOf({ ...widget, name: '' })}
      onInput=${(/** @type {string} */ name) => work.patch(widget.id, { name }, 'name')}
    />
    ${choices.length > 1
      ? html`<${Field}
          label=${words.kind}
          type="select"
          value=${kind.kind}
          options=${choices.map((each) => ({ value: each.kind, label: each.label }))}
          onInput=${(/** @type {string} */ type) => work.patch(widget.id, { type })}
        />`
      : null}
    ${kind.count[1] > 0 ? html`<${Links} work=${work} widget=${widget} kind=${kind} onLink=${onLink} />` : null}
    ${isSource(source) && source.kind !== 'variable'
      ? html`<${Field}
          label=${words.sourceType}
          type="select"
          value=${source.type ?? 'CHARSTRING'}
          options=${words.types.map(([value, label]) => ({ value, label }))}
          onInput=${(/** @type {string} */ type) => set({ source: { ...source, type } })}
        />`
      : null}
    ${isSource(source) && source.kind === 'function' && source.type === 'STATUS'
      ? html`<div class="db-pair">
          <${Field} label=${words.sendsOn} value=${source.on ?? 'on'} maxlength=${64} onInput=${(/** @type {string} */ on) => set({ source: { ...source, on } })} />
          <${Field} label=${words.sendsOff} value=${source.off ?? 'off'} maxlength=${64} onInput=${(/** @type {string} */ off) => set({ source: { ...source, off } })} />
        </div>`
      : null}
    ${kind.Settings
      ? html`<fieldset class="db-set">
          <legend>${kind.label}</legend>
          <${kind.Settings} widget=${widget} options=${options} onChange=${set} variables=${bounds} />
        </fieldset>`
      : null}
    <fieldset class="db-set">
      <legend>${words.look}</legend>
      ${bounds.length > 0
        ? html`<${Field} type="switch" label=${words.showThing} value=${options['showThing'] === true} onInput=${(/** @type {boolean} */ on) => set({ showThing: on || undefined })} />`
        : null}
      <${Field} type="switch" label=${words.frameless} value=${options['frameless'] === true} onInput=${(/** @type {boolean} */ on) => set({ frameless: on || undefined })} />
      ${writes
        ? html`<${Field} type="switch" label=${words.readOnly} value=${options['readOnly'] === true} onInput=${(/** @type {boolean} */ on) => set({ readOnly: on || undefined })} />`
        : null}
    </fieldset>
    <${Places} work=${work} id=${widget.id} />
    <${PageOf} work=${work} />
    <${Acts} work=${work} />
  </div>`;
}

/** The variables of a widget; their order is that of a chart's lines. @param {{work: Work, widget: Widget, kind: any, onLink: (mode: string) => void}} props */
function Links({ work, widget, kind, onLink }) {
  const source = widget.options['source'];
  const { variables } = widget;
  const [, most] = kind.count;
  const without = (/** @type {number} */ at) => work.patch(widget.id, { variables: variables.filter((_, place) => place !== at) });
  const up = (/** @type {number} */ at) => {
    const next = [...variables];
    next.splice(at - 1, 0, .../** @type {any} */ (next.splice(at, 1)));
    work.patch(widget.id, { variables: next });
  };
  return html`<fieldset class="db-set">
    <legend>${most > 1 ? words.variables : words.variable}</legend>
    <ul class="db-links">
      ${isSource(source)
        ? html`<li>
            <${Icon} name=${source.kind === 'event' ? 'radio' : 'cpu'} />
            <span class="db-link-name">${source.name}<span class="muted"> ${source.device_name ?? words.source[source.kind]}</span></span>
          </li>`
        : null}
      ${variables.map(
        (each, at) => html`<li key=${each.id}>
          <span class="db-link-name">${each.name}<span class="muted"> ${each.thing_name}</span></span>
          ${at > 0 ? html`<${IconButton} small=${true} icon="chevron-up" label=${words.up(each.name)} onClick=${() => up(at)} />` : null}
          ${variables.length > 1 ? html`<${IconButton} small=${true} icon="x" label=${words.unlink(each.name)} onClick=${() => without(at)} />` : null}
        </li>`,
      )}
    </ul>
    ${variables.length < most && most > 1 && !isSource(source)
      ? html`<${Button} small=${true} icon="plus" label=${words.link} onClick=${() => onLink('link')} />`
      : html`<${Button} small=${true} label=${variables.length || isSource(source) ? words.replace : t.tile.choose} onClick=${() => onLink('replace')} />`}
  </fieldset>`;
}

/** Place and size as numbers: what a drag does, without a drag. @param {{work: Work, id: string}} props */
function Places({ work, id }) {
  const box = work.boxes.value.find((each) => each.id === id);
  if (!box) return null;
  const { columns, step } = work.field();
  const number = (/** @type {string} */ label, /** @type {number} */ value, /** @type {number} */ max, /** @type {(n: number) => any} */ put) => html`<${Field}
    label=${label}
    type="number"
    min=${1}
    max=${max}
    step=${1}
    value=${value}
    onInput=${(/** @type {string} */ text) => {
      const wanted = Math.round(Number(text));
      if (Number.isFinite(wanted) && wanted >= 1 && wanted <= max) work.put(id, put(wanted));
    }}
  />`;
  return html`<fieldset class="db-set">
    <legend>${words.place}</legend>
    <div class="db-numbers">
      ${number(words.column, box.x / step + 1, columns / step, (n) => ({ x: (n - 1) * step }))}
      ${number(words.row, box.y + 1, 1000, (n) => ({ y: n - 1 }))}
      ${number(words.width, box.w / step, columns / step, (n) => ({ w: n * step }))}
      ${number(words.height, box.h, 100, (n) => ({ h: n }))}
    </div>
  </fieldset>`;
}
