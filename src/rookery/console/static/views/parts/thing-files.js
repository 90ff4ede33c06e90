/** Files of a thing's history: asked for here, written in the background, fetched by a link. */
import { html, useEffect, useSignal } from '../../html.js';
import { iot, useLoad } from '../../api/rest.js';
import { Button, Field, Form, Panel, Progress, Sheet, Table, Tag, Time, toast } from '../../ui/index.js';
import { bytes } from './numbers.js';
import { t } from '../../strings/things.js';

/** @typedef {import('./value-write.js').Property} Property */

/**
 * @typedef {object} File
 * @property {string} id
 * @property {'waiting'|'running'|'ready'|'failed'} state
 * @property {string[]} properties
 * @property {string} from
 * @property {string} to
 * @property {string} created_at
 * @property {string} [expires_at]
 * @property {number} [rows]
 * @property {number} [total]
 * @property {number} [size]
 * @property {string} [link]
 * @property {string} [detail]
 * @property {'waiting'|'sent'|'failed'} [mail]
 * @property {string} [mail_detail]
 */

const LOOK_EVERY = 1_000;
const HOUR = 3_600_000;
/** Hours; null is everything. */
const SPANS = /** @type {const} */ ({ '24h': 24, '7d': 168, '30d': 720, '365d': 8_760, all: null });
/** Before the first value that any server takes. */
const EVER = Date.UTC(2000, 0, 1);

const underWay = (/** @type {File} */ file) => file.state === 'waiting' || file.state === 'running';

/** @param {{thing: import('./thing-model.js').ThingView}} props */
export function Files({ thing }) {
  const properties = thing.properties ?? [];
  const names = new Map(properties.map(({ id, name }) => [id, name]));
  const open = useSignal(false);
  const load = useLoad(async (api) => {
    const all = /** @type {File[]} */ (await api.iot('GET', '/v1/exports'));
    return all.filter((file) => file.properties.some((id) => names.has(id))).reverse();
  }, [thing.id]);
  const files = load.data ?? [];
  useEffect(() => {
    if (!files.some(underWay)) return undefined;
    const timer = setTimeout(load.reload, LOOK_EVERY);
    return () => clearTimeout(timer);
  }, [load.data]);
  const ask = html`<${Button} small icon="download" label=${t.files.ask} onClick=${() => {
    open.value = true;
  }} />`;
  return html`
    <${Panel} title=${t.files.title} line=${t.files.line} calls=${load.calls} actions=${ask}>
      <${Table}
        label=${t.files.title}
        load=${load}
        rows=${files}
        keyOf=${(/** @type {File} */ file) => file.id}
        empty=${{ icon: 'archive', sentence: t.files.none, example: t.files.example }}
        columns=${[
          { key: 'what', label: t.files.what, render: (/** @type {File} */ file) => html`<${What} file=${file} names=${names} />` },
          {
            key: 'asked',
            label: t.files.asked,
            hidePhone: true,
            render: (/** @type {File} */ file) => html`<${Time} at=${Date.parse(file.created_at)} />`,
          },
          {
            key: 'expires',
            label: t.files.expires,
            hidePhone: true,
            render: (/** @type {File} */ file) => file.expires_at && html`<${Time} at=${Date.parse(file.expires_at)} />`,
          },
          {
            key: 'file',
            label: '',
            align: 'end',
            render: (/** @type {File} */ file) => html`<${Fetch} file=${file} />`,
          },
        ]}
      />
    <//>
    ${
      open.value &&
      html`<${Ask} properties=${properties} onAsked=${load.reload} onClose=${() => {
        open.value = false;
      }} />`
    }
  `;
}

/** @param {{file: File, names: Map<string, string>}} props */
function What({ file, names }) {
  const from = Date.parse(file.from);
  const day = (/** @type {number} */ at) => new Date(at).toLocaleDateString(undefined, { dateStyle: 'medium' });
  const until = day(Date.parse(file.to));
  const span = from <= EVER ? t.files.until(until) : t.files.between(day(from), until);
  const told = file.properties.map((id) => names.get(id)).filter(Boolean);
  if (underWay(file)) {
    return html`<${Progress} label=${told.join(', ')} done=${file.rows ?? 0} total=${file.total} since=${Date.parse(file.created_at)} unit=${t.files.unit} />`;
  }
  return html`<div class="thing-file">
    <span class="thing-file-names" title=${told.join(', ')}>${told.join(', ')}</span>
    <span class="muted small">${[span, ...(file.rows === undefined ? [] : [t.files.rows(file.rows), bytes(file.size ?? 0)])].join(' · ')}</span>
    ${file.mail === 'sent' && html`<span class="muted small">${t.files.mailed}</span>`}
    ${file.mail === 'failed' && html`<span class="muted small">${t.files.notMailed(file.mail_detail ?? '')}</span>`}
    ${file.state === 'failed' && html`<span class="muted small">${file.detail}</span>`}
  </div>`;
}

/** @param {{file: File}} props */
function Fetch({ file }) {
  if (file.state === 'failed') return html`<${Tag} label=${t.files.failed} kind="error" />`;
  if (!file.link) return null;
  // The link has the address that others reach; this page is on the same server.
  return html`<${Button} kind="quiet" small icon="download" download href=${new URL(file.link).pathname}
    label=${t.files.download} />`;
}

/**
 * @param {object} props
 * @param {Property[]} props.properties
 * @param {() => unknown} props.onAsked
 * @param {() => void} props.onClose
 */
function Ask({ properties, onAsked, onClose }) {
  const span = useSignal(/** @type {keyof typeof SPANS} */ ('30d'));
  const chosen = useSignal(properties.filter(({ persist }) => persist).map(({ id }) => id));
  const busy = useSignal(false);
  const error = useSignal('');
  const toggle = (/** @type {string} */ id) => {
    chosen.value = chosen.value.includes(id) ? chosen.value.filter((each) => each !== id) : [...chosen.value, id];
  };
  const ask = async () => {
    busy.value = true;
    const hours = SPANS[span.value];
    const to = Date.now();
    const from = hours === null ? EVER : to - hours * HOUR;
    try {
      await iot('POST', '/v2/series/historic_data', {
        body: { properties: chosen.value, from: new Date(from).toISOString(), to: new Date(to).toISOString() },
      });
      toast(t.files.begun);
      onClose();
      void onAsked();
    } catch (wrong) {
      error.value = wrong instanceof Error ? wrong.message : String(wrong);
    }
    busy.value = false;
  };
  return html`
    <${Sheet} open title=${t.files.ask} onClose=${onClose} footer=${html`
      <${Button} kind="primary" icon="archive" busy=${busy.value} disabled=${chosen.value.length === 0} label=${t.files.do} onClick=${ask} />
    `}>
      <${Form} onSubmit=${ask} error=${error.value}>
        <${Field} type="select" label=${t.files.span} value=${span.value} onInput=${(/** @type {any} */ value) => {
          span.value = value;
        }} options=${Object.keys(SPANS).map((value) => ({ value, label: t.files.spans[/** @type {'all'} */ (value)] }))} />
        <fieldset class="thing-files-choice">
          <legend>${t.files.variables}</legend>
          ${properties.map(
            ({ id, name, persist }) =>
              html`<${Field} key=${id} type="checkbox" label=${name} hint=${persist ? undefined : t.history.notKept} value=${chosen.value.includes(id)}
              onInput=${() => toggle(id)} />`,
          )}
        </fieldset>
      <//>
    <//>
  `;
}
