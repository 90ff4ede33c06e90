/** The data of an event, as JSON tree, as text, in hex, and decoded from CBOR. */
import { html, useLayoutEffect, useMemo, useState } from '../../html.js';
import { Code, Copy, Hex } from '../../ui/index.js';
import t from '../../strings/events.js';
import { asText, CborError, decodeCbor, fromBase64, shown } from './events-cbor.js';

/** Members of one level that are drawn at once. */
const MOST = 200;
/** Levels that are open at first. */
const OPEN = 3;

/** @typedef {'json' | 'text' | 'hex' | 'cbor'} Way */

/**
 * @param {{data: string | null, binary?: boolean, type?: string}} props
 */
export function Payload({ data, binary = false, type = '' }) {
  const bytes = useMemo(
    () => (binary ? (fromBase64(data ?? '') ?? new Uint8Array()) : new TextEncoder().encode(data ?? '')),
    [data, binary],
  );
  const text = useMemo(() => (binary ? asText(bytes) : data), [bytes]);
  const json = useMemo(() => parsed(text), [text]);
  const best = /** @type {Way} */ (json !== undefined ? 'json' : /cbor/i.test(type) ? 'cbor' : text !== null ? 'text' : 'hex');
  const [way, setWay] = useState(best);
  useLayoutEffect(() => setWay(best), [data, best]);
  if (data === null || data === '') return html`<p class="muted">${t.noData}</p>`;
  const ways = /** @type {Way[]} */ (['json', 'text', 'hex', 'cbor']).filter((each) => each !== 'json' || json !== undefined);
  return html`<div class="events-payload">
    <div class="events-ways" role="group" aria-label=${t.payload}>
      ${ways.map(
        (each) =>
          html`<button key=${each} type="button" class="events-way" aria-pressed=${String(each === way)} onClick=${() => setWay(each)}>
            ${t.views[each]}
          </button>`,
      )}
    </div>
    ${way === 'json' ? html`<${Tree} value=${json} />` : null}
    ${way === 'text' ? (text === null ? html`<p class="muted">${t.notText}</p>` : html`<${Code} text=${text} label=${t.views.text} wrap=${true} />`) : null}
    ${way === 'hex' ? html`<${Hex} bytes=${bytes} />` : null} ${way === 'cbor' ? html`<${Cbor} bytes=${bytes} />` : null}
  </div>`;
}

/** Only objects and lists are worth a tree; a bare number is text. @param {string | null} text */
function parsed(text) {
  if (!text || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {{bytes: Uint8Array}} props */
function Cbor({ bytes }) {
  const read = useMemo(() => {
    try {
      return { value: shown(decodeCbor(bytes)) };
    } catch (error) {
      if (error instanceof CborError) return { why: error.message };
      throw error;
    }
  }, [bytes]);
  return 'why' in read ? html`<p class="muted">${t.notCbor(read.why ?? '')}</p>` : html`<${Tree} value=${read.value} />`;
}

/** @param {{value: unknown}} props */
export function Tree({ value }) {
  const whole = useMemo(() => JSON.stringify(value, null, 2) ?? String(value), [value]);
  return html`<div class="events-tree">
    <div class="events-tree-copy"><${Copy} text=${whole} /></div>
    <${Node} value=${value} depth=${0} />
  </div>`;
}

/** @param {{name?: string, value: unknown, depth: number}} props @returns {import('../../html.js').Node} */
function Node({ name, value, depth }) {
  const label = name === undefined ? null : html`<span class="events-tree-name">${name}</span>: `;
  if (value === null || typeof value !== 'object') {
    return html`<div class="events-tree-leaf">${label}<span class=${`events-tree-${value === null ? 'null' : typeof value}`}>${JSON.stringify(value)}</span></div>`;
  }
  const entries = Object.entries(value);
  const list = Array.isArray(value);
  if (!entries.length) return html`<div class="events-tree-leaf">${label}${list ? '[]' : '{}'}</div>`;
  return html`<details class="events-tree-node" open=${depth < OPEN}>
    <summary>${label}<span class="muted">${list ? t.items(entries.length) : t.members(entries.length)}</span></summary>
    ${entries.slice(0, MOST).map(([key, each]) => html`<${Node} key=${key} name=${key} value=${each} depth=${depth + 1} />`)}
    ${entries.length > MOST ? html`<div class="events-tree-leaf muted">${t.more(entries.length - MOST)}</div>` : null}
  </details>`;
}
