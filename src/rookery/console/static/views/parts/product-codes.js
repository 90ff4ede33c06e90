import { html, useEffect, useRef, useState } from '../../html.js';
import { useLive } from '../../api/live.js';
import { useLoad, v1 } from '../../api/rest.js';
import { Button, Copy, Empty, ErrorBox, Panel, Table, Tag } from '../../ui/index.js';
import t from '../../strings/products.js';

/** @typedef {{code: string, ends: number}} Code */

const LIFETIME = 3_600_000;
/** Codes are known here only until the page is left: the server keeps their hashes. */
const made = new Map();

/**
 * Claim codes with the time that they have left.
 * @param {{base: string, product: {name: string}}} props
 */
export function Codes({ base }) {
  const [codes, setCodes] = useState(/** @type {Code[]} */ (made.get(base) ?? []));
  const [calls, setCalls] = useState(/** @type {any[]} */ ([]));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  // Which boards the product had at first: those that come while somebody looks came with a code.
  const before = useRef(/** @type {Set<string> | null} */ (null));
  const boards = useLoad(async (api) => (await api.v1('GET', `${base}/devices`, { query: { perPage: 100 } })).devices, [base]);
  /** @type {string[]} */
  const ids = (boards.data ?? []).map((/** @type {{id: string}} */ board) => board.id);
  if (boards.data && !before.current) before.current = new Set(ids);
  const came = ids.filter((id) => !before.current?.has(id));
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  useLive('devices', (/** @type {any} */ message) => {
    if (message.k === 'changed' || message.k === 'presence') boards.reload();
  });
  const create = async () => {
    setBusy(true);
    setError(null);
    try {
      const { claim_code: code } = await v1('POST', `${base}/device_claims`, { onCall: (/** @type {any} */ call) => setCalls([call]) });
      const next = [{ code, ends: Date.now() + LIFETIME }, ...codes];
      made.set(base, next);
      setCodes(next);
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  const action = html`<${Button} kind="primary" icon="plus" busy=${busy} label=${t.createCode} onClick=${create} />`;
  return html`<${Panel} title=${t.codes} line=${t.codesLine} actions=${action} calls=${calls}>
    ${error && html`<${ErrorBox} error=${error} retry=${create} />`}
    ${came.length > 0 && html`<p role="status">${t.codeUsed} ${came.map((id) => html`<a key=${id} href=${`/console/devices/${id}`}><code>${id}</code></a> `)}</p>`}
    ${codes.length === 0
      ? html`<${Empty} sentence=${t.codesEmpty} example=${t.codesExample} icon="key-round" />`
      : html`<${Table}
          label=${t.codes}
          state="ready"
          rows=${codes}
          keyOf=${(/** @type {Code} */ code) => code.code}
          columns=${[
            { key: 'code', label: t.code, render: (/** @type {Code} */ code) => html`<code class="mono">${code.code}</code>` },
            { key: 'left', label: t.state, render: (/** @type {Code} */ code) => html`<span class="product-left num">${left(code.ends - now)}</span>` },
            {
              key: 'copy',
              label: '',
              align: 'end',
              render: (/** @type {Code} */ code) => html`<${Copy} text=${code.code} />`,
            },
          ]}
        />`}
  <//>`;
}

/** @param {number} ms */
function left(ms) {
  if (ms <= 0) return html`<${Tag} label=${t.codeEnded} kind="warning" />`;
  const seconds = Math.ceil(ms / 1_000);
  return t.codeLeft(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`);
}
