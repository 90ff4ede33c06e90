/** The box to publish from, in a sheet beside the stream. */
import { html, useState } from '../../html.js';
import { v1 } from '../../api/rest.js';
import { asCurl, Button, Copy, Field, Form, Sheet, toast } from '../../ui/index.js';
import t from '../../strings/events.js';

/** Bytes (docs/particle.md, "Events"). */
const NAME_LIMIT = 64;
const DATA_LIMIT = 16_384;

/** @typedef {{name: string, data: string, kind: string, ttl: string}} Draft */

/** @type {Draft} */
export const NEW_DRAFT = { name: '', data: '', kind: 'text', ttl: '60' };

/** @param {string} text */
const size = (text) => new TextEncoder().encode(text).length;

/**
 * @param {{open: boolean, draft: Draft, onDraft: (draft: Draft) => void, onClose: () => void}} props
 */
export function PublishSheet({ open, draft, onDraft, onClose }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const set = (/** @type {Partial<Draft>} */ changes) => onDraft({ ...draft, ...changes });
  const wrong = problems(draft);
  const form = { name: draft.name, data: draft.data, private: 'true', ttl: draft.ttl || '60' };
  const send = async () => {
    if (!draft.name || wrong.name || wrong.data) return;
    setBusy(true);
    setError(null);
    try {
      await v1('POST', '/v1/devices/events', { form });
      toast(t.published(draft.name));
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const footer = html`<span class="events-publish-copy"
      ><${Copy} text=${publishCurl(draft)} label=${t.copy} /></span
    ><${Button} label=${t.close} onClick=${onClose} /><${Button}
      label=${t.sendIt}
      icon="send"
      kind="primary"
      busy=${busy}
      disabled=${!draft.name || Boolean(wrong.name || wrong.data)}
      onClick=${send}
    />`;
  return html`<${Sheet} open=${open} title=${t.publishTitle} onClose=${onClose} footer=${footer}>
    <p class="muted">${t.publishLine}</p>
    <${Form} onSubmit=${send} busy=${busy} error=${error} label=${t.publishTitle}>
      <${Field} label=${t.name} hint=${t.nameHint} error=${wrong.name} value=${draft.name} onInput=${(/** @type {string} */ name) => set({ name })} mono=${true} autofocus=${true} required=${true} />
      <${Field}
        label=${t.kind}
        type="select"
        value=${draft.kind}
        options=${[
          { value: 'text', label: t.kinds.text },
          { value: 'json', label: t.kinds.json },
        ]}
        onInput=${(/** @type {string} */ kind) => set({ kind })}
      />
      <${Field} label=${t.data} hint=${t.dataHint(size(draft.data))} error=${wrong.data} type="textarea" rows=${6} mono=${true} value=${draft.data} onInput=${(/** @type {string} */ data) => set({ data })} />
      <${Field} label=${t.ttl} hint=${t.ttlHint} type="number" min=${0} max=${16777215} step=${1} unit=${t.seconds} value=${draft.ttl} onInput=${(/** @type {string} */ ttl) => set({ ttl })} />
      <button type="submit" class="hidden" tabindex="-1" aria-hidden="true">${t.sendIt}</button>
    <//>
  <//>`;
}

/** @param {Draft} draft @returns {{name: string | null, data: string | null}} */
function problems({ name, data, kind }) {
  const bytes = size(name);
  return {
    name: /^(spark|particle)/i.test(name) ? t.nameReserved : bytes > NAME_LIMIT ? t.nameLong(bytes) : null,
    data: size(data) > DATA_LIMIT ? t.dataLong : kind === 'json' && data && !isJson(data) ? t.notJson : null,
  };
}

/** @param {string} text */
function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** @param {{name: string, data: string, ttl?: string}} draft */
export function publishCurl({ name, data, ttl = '60' }) {
  const body = new URLSearchParams({ name, data, private: 'true', ttl }).toString();
  return asCurl({ method: 'POST', url: '/v1/devices/events', headers: { Authorization: 'Bearer $TOKEN' }, body });
}

/** @param {string} prefix @param {string | null} device hex id or name */
export function subscribeCurl(prefix, device) {
  const path = device ? `/v1/devices/${encodeURIComponent(device)}/events` : '/v1/devices/events';
  const url = `${path}${prefix ? `/${encodeURIComponent(prefix)}` : ''}`;
  return asCurl({ method: 'GET', url, headers: { Authorization: 'Bearer $TOKEN' } }).replace(/^curl/, 'curl -N');
}
