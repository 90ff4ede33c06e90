/** What is done to a whole dashboard from its menu: clone, export, delete. */
import { html, useEffect, useState } from '../html.js';
import { iot, useLoad } from '../api/rest.js';
import { navigate } from '../router.js';
import { Dialog, Field, saveFile, toast } from '../ui/index.js';
import t from '../strings/dashboards.js';

/** @typedef {import('./document.js').Doc} Doc */

/**
 * @param {{which: string, doc: Doc, onClose: () => void, onDeleted: () => void, onChanged?: () => void}} props which: 'clone',
 *   'template', 'file', 'delete'
 */
export function Act({ which, doc, onClose, onDeleted, onChanged }) {
  if (which === 'clone') return html`<${Clone} doc=${doc} onClose=${onClose} />`;
  if (which === 'delete') return html`<${Delete} doc=${doc} onClose=${onClose} onDeleted=${onDeleted} onChanged=${onChanged} />`;
  return html`<${Export} which=${which} doc=${doc} onClose=${onClose} />`;
}

/** @param {{which: string, doc: Doc, onClose: () => void}} props */
function Export({ which, doc, onClose }) {
  useEffect(() => {
    const path = `/v3/dashboards/${doc.id}${which === 'template' ? '/template' : ''}`;
    iot('GET', path)
      .then((answer) => saveFile(`${fileName(doc.name)}.${which === 'template' ? 'template.' : ''}json`, `${JSON.stringify(answer, null, 2)}\n`, 'application/json'))
      .catch((error) => toast(error.message, { kind: 'error' }))
      .finally(onClose);
  }, []);
  return null;
}

/** @param {string} name */
const fileName = (name) => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '') || 'dashboard';

/** @param {{doc: Doc, onClose: () => void}} props */
function Clone({ doc, onClose }) {
  const used = [...new Map(doc.widgets.flatMap((widget) => widget.variables.map((each) => [each.thing_id, each.thing_name])))];
  const things = useLoad((api) => (used.length ? api.iot('GET', '/v2/things') : Promise.resolve([])), []);
  const [chosen, setChosen] = useState(/** @type {Record<string, string>} */ ({}));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const clone = async () => {
    setBusy(true);
    setError(null);
    try {
      const overrides = Object.entries(chosen).filter(([from, to]) => to && to !== from);
      const made = await iot('PUT', `/v3/dashboards/${doc.id}/clone`, {
        body: { overrides: overrides.map(([from, to]) => ({ old_thing_id: from, new_thing_id: to })) },
      });
      toast(t.cloning.done(made.name));
      navigate(`/dashboards/${made.id}`);
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return html`<${Dialog} open=${true} title=${t.cloning.title} confirmLabel=${t.cloning.confirm} busy=${busy} error=${error} onClose=${onClose} onConfirm=${() => void clone()}>
    ${used.length > 0 ? html`<p class="muted">${t.cloning.line}</p>` : html`<p>${doc.name}</p>`}
    ${used.map(
      ([id, name]) => html`<${Field}
        key=${id}
        label=${name}
        type="select"
        value=${chosen[id] ?? ''}
        onInput=${(/** @type {string} */ to) => setChosen({ ...chosen, [id]: to })}
        options=${[
          { value: '', label: t.cloning.same },
          ...(things.data ?? []).filter((/** @type {any} */ each) => each.id !== id).map((/** @type {any} */ each) => ({ value: each.id, label: each.name })),
        ]}
      />`,
    )}
  <//>`;
}

/** @param {{doc: Doc, onClose: () => void, onDeleted: () => void, onChanged?: () => void}} props */
function Delete({ doc, onClose, onDeleted, onChanged }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const bringBack = async () => {
    try {
      await iot('PATCH', `/v3/dashboards/${doc.id}`, { body: { soft_deleted: false } });
      toast(t.drop.returned(doc.name));
      onChanged?.();
    } catch (failed) {
      toast(/** @type {Error} */ (failed).message, { kind: 'error' });
    }
  };
  const remove = async () => {
    setBusy(true);
    try {
      await iot('DELETE', `/v2/dashboards/${doc.id}`);
      toast(t.drop.done(doc.name), { action: { label: t.drop.back, onClick: () => void bringBack() } });
      onClose();
      onDeleted();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return html`<${Dialog}
    open=${true}
    title=${t.drop.title}
    danger=${true}
    confirmLabel=${t.drop.confirm}
    busy=${busy}
    error=${error}
    onClose=${onClose}
    onConfirm=${() => void remove()}
  >
    <p>${t.drop.sentence(doc.name)}</p>
  <//>`;
}
