import { html, useState } from '../../html.js';
import { v1 } from '../../api/rest.js';
import { Button, Field, Form, Sheet, toast } from '../../ui/index.js';
import t from '../../strings/products.js';

/**
 * Takes boards into a product.
 * @param {{base: string, onClose: () => void, onDone: () => void}} props
 */
export function Importing({ base, onClose, onDone }) {
  const [text, setText] = useState('');
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [owner, setOwner] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [told, setTold] = useState(/** @type {string[]} */ ([]));
  const submit = async () => {
    setBusy(true);
    setError(null);
    const ids = [...text.split(/[\s,;]+/), ...(file ? (await file.text()).split(/\r?\n/).map((line) => line.split(/[,;\t]/)[0]) : [])]
      .map((id) => id.trim().replace(/^"|"$/g, ''))
      .filter((id) => id && !/^(device|serial)?[ _-]?(id|number|serial)$/i.test(id));
    try {
      const done = await v1('POST', `${base}/devices`, { body: { ids, ...(owner.trim() && { claim_user: owner.trim() }) } });
      const words = [
        done.existingDeviceIds.length && t.importExisting(done.existingDeviceIds),
        done.nonmemberDeviceIds.length && t.importForeign(done.nonmemberDeviceIds),
        done.invalidDeviceIds.length && t.importInvalid(done.invalidDeviceIds),
      ].filter(Boolean);
      if (done.updated) toast(t.imported(done.updated));
      if (!words.length) return onDone();
      setTold([done.updated ? t.imported(done.updated) : t.importNothing, ...words]);
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  return html`<${Sheet} open title=${t.import} onClose=${told.length ? onDone : onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field}
        type="textarea"
        label=${t.importIds}
        hint=${t.importIdsHint}
        value=${text}
        onInput=${setText}
        name="ids"
        rows=${6}
        mono
        autofocus
      />
      <${Field} type="file" label=${t.importFile} accept=".txt,.csv,text/plain,text/csv" onInput=${setFile} name="file" />
      <${Field} label=${t.importClaim} hint=${t.importClaimHint} value=${owner} onInput=${setOwner} name="owner" />
      ${told.length > 0 &&
      html`<div role="status">${told.map((words) => html`<p key=${words}>${words}</p>`)}</div>`}
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} disabled=${!text.trim() && !file} label=${t.import} />
        <${Button} kind="plain" label=${told.length ? t.importClose : t.cancel} onClick=${told.length ? onDone : onClose} />
      </div>
    <//>
  <//>`;
}
