/** The tile around a widget: title, age, what is pending, and what is wrong in plain words. The kind draws the body. */
import { html, useErrorBoundary, useState } from '../html.js';
import { live } from '../api/live.js';
import { Button } from '../ui/button.js';
import { Icon } from '../ui/icon.js';
import { ago, exactly, now } from '../ui/time.js';
import { kindOf } from '../widgets/registry.js';
import { mergedOptions, titleOf } from './kinds.js';
import t from '../strings/dashboard.js';

/** @typedef {import('./document.js').Widget} Widget */
/** @typedef {import('./bound.js').Bound} Bound */

/**
 * @param {object} props
 * @param {Widget} props.widget
 * @param {Bound[]} props.bounds
 * @param {any} props.range
 * @param {(from: number|null, to?: number) => void} props.setRange
 * @param {string} props.syncKey
 * @param {boolean} [props.editing]
 * @param {boolean} [props.compact] on a phone
 * @param {(() => void)|null} [props.onChoose] offers to choose another variable
 */
export function Tile({ widget, bounds, range, setRange, syncKey, editing = false, compact = false, onChoose = null }) {
  const kind = kindOf(widget.type);
  const options = mergedOptions(kind, bounds, widget.options);
  const trouble = troubleOf(widget, kind, bounds);
  const state = stateOf(bounds);
  const bare = kind.live === false && !widget.name;
  const names = ['db-tile'];
  if (options['frameless']) names.push('db-frameless');
  if (kind.bleed) names.push('db-bleed');
  if (bare) names.push('db-untitled');
  if (state) names.push(`is-${state}`);
  return html`<div class=${names.join(' ')}>
    ${bare ? null : html`<${Title} widget=${widget} bounds=${bounds} showThing=${Boolean(options['showThing'])} />`}
    <div class="db-body" inert=${editing}>
      ${trouble
        ? html`<${Trouble} text=${trouble} onChoose=${editing ? null : onChoose} />`
        : html`<${Guarded}
            key=${`${widget.type}/${bounds.map((each) => each.id).join()}`}
            kind=${kind}
            props=${{ widget: { id: widget.id, type: widget.type, name: widget.name, options: widget.options }, variables: bounds, options, range, setRange, editing, syncKey, compact }}
          />`}
    </div>
    ${!trouble && widget.unlinked ? html`<div class="db-late"><span class="db-late-text">${t.tile.oneDeleted}</span></div>` : null}
    ${editing ? null : html`<${Pendings} bounds=${bounds} />`}
  </div>`;
}

/** @param {Widget} widget @param {import('../widgets/registry.js').Kind} kind @param {Bound[]} bounds */
function troubleOf(widget, kind, bounds) {
  const gone = bounds.filter((bound) => bound.state.value === 'gone');
  const [first] = gone;
  if (first) return first.source ? t.tile.deletedSource(first.name, first.thing_name) : t.tile.deleted(gone.map((each) => each.name).join(', '));
  if (widget.unlinked && bounds.length <= 1) return t.tile.deleted(bounds[0]?.name ?? '');
  if (bounds.length < kind.count[0]) return t.tile.unlinked;
  // A control of a variable that only its board writes is drawn at rest: other programs make such, too.
  const types = bounds.map((bound) => ({ ...bound, permission: 'READ_WRITE' }));
  if (!kind.unknown && bounds.length > 0 && !kind.fits(types)) return t.tile.mistyped(kind.label);
  return '';
}

/** @param {Bound[]} bounds */
function stateOf(bounds) {
  const pending = bounds.map((bound) => bound.pending.value).filter(Boolean);
  if (pending.some((each) => each?.state === 'failed')) return 'failed';
  if (pending.some((each) => each?.state === 'unconfirmed')) return 'unconfirmed';
  if (pending.length > 0) return 'pending';
  return bounds.length > 0 && bounds.every((bound) => bound.state.value === 'offline') ? 'offline' : '';
}

/** @param {{widget: Widget, bounds: Bound[], showThing: boolean}} props */
function Title({ widget, bounds, showThing }) {
  const [over, setOver] = useState(false);
  const state = stateOf(bounds);
  const thing = showThing ? bounds[0]?.thing_name : '';
  return html`<div class="db-title" onPointerEnter=${() => setOver(true)} onPointerLeave=${() => setOver(false)}>
    <h2 class="db-name" title=${titleOf(widget)}>${titleOf(widget)}</h2>
    ${thing ? html`<span class="db-thing">${thing}</span>` : null}
    <span class="db-space"></span>
    ${state === 'unconfirmed' || state === 'failed' ? html`<${Dismiss} bounds=${bounds} />` : null}
    ${state === 'pending'
      ? html`<span class="db-ring" title=${t.tile.sending}><span class="hidden" role="status">${t.tile.sending}</span></span>`
      : over || state === 'offline'
        ? html`<${Age} bounds=${bounds} offline=${state === 'offline'} />`
        : null}
  </div>`;
}

/** @param {{bounds: Bound[], offline: boolean}} props */
function Age({ bounds, offline }) {
  const times = bounds.map((bound) => bound.at.value).filter((at) => at !== null);
  if (bounds.length === 0) return null;
  const at = times.length > 0 ? Math.max(.../** @type {number[]} */ (times)) : null;
  const age = at === null ? t.tile.never : ago(at, Math.max(now.value, at));
  const lost = offline && live.state.value !== 'lost';
  return html`<span class="db-age" title=${at === null ? '' : exactly(at)}>
    ${lost ? html`<span class="db-off">${t.tile.offline}</span> · ` : null}${age}
  </span>`;
}

/** Stops to wait: what the board last said shows again. @param {{bounds: Bound[]}} props */
function Dismiss({ bounds }) {
  const drop = () => {
    for (const bound of bounds) bound.pending.value = null;
  };
  return html`<button type="button" class="db-drop" aria-label=${t.tile.dismiss} title=${t.tile.dismiss} onClick=${drop}><${Icon} name="x" size=${14} /></button>`;
}

/** What was written and is not there yet, said where it was written. @param {{bounds: Bound[]}} props */
function Pendings({ bounds }) {
  const late = bounds.find((bound) => bound.pending.value && bound.pending.value.state !== 'sending');
  const pending = late?.pending.value;
  if (!late || !pending) return null;
  const away = late.board.value?.online === false;
  const text = pending.state === 'failed' ? t.tile.failed(pending.message) : away ? t.tile.away : t.tile.unconfirmed;
  return html`<div class="db-late" role="status">
    <span class="db-late-text" title=${text}><${Icon} name="circle-alert" size=${14} />${text}</span>
    <button type="button" class="db-link" onClick=${() => late.write(pending.value)}>${t.tile.retry}</button>
  </div>`;
}

/** @param {{text: string, onChoose: (() => void)|null}} props */
function Trouble({ text, onChoose }) {
  return html`<div class="db-trouble">
    <p>${text}</p>
    ${onChoose ? html`<${Button} small=${true} label=${t.tile.choose} onClick=${onChoose} />` : null}
  </div>`;
}

/** A kind that throws breaks its own tile only. @param {{kind: any, props: any}} props */
function Guarded({ kind, props }) {
  const [error, reset] = useErrorBoundary((/** @type {any} */ thrown) => console.warn(thrown));
  if (error) {
    return html`<div class="db-trouble">
      <p>${t.tile.broken}</p>
      <${Button} small=${true} label=${t.tile.again} onClick=${reset} />
    </div>`;
  }
  const { View } = kind;
  return html`<${View} ...${props} />`;
}
