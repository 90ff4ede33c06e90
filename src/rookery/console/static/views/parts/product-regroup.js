import { html, useState } from '../../html.js';
import { v1 } from '../../api/rest.js';
import { Button, Field, Form, Sheet, toast } from '../../ui/index.js';
import t from '../../strings/products.js';

/**
 * Puts several boards into a group, or takes them out of one.
 * @param {{base: string, ids: string[], groups: string[], onClose: () => void, onDone: () => void}} props
 */
export function Regrouping({ base, ids, groups, onClose, onDone }) {
  const none = { value: '', label: '–' };
  const options = [none, ...groups.map((name) => ({ value: name, label: name }))];
  const [add, setAdd] = useState('');
  const [remove, setRemove] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    const metadata = { add: add ? [add] : [], remove: remove ? [remove] : [] };
    try {
      await v1('PUT', `${base}/devices`, { body: { action: 'groups', devices: ids, metadata } });
      toast(t.regrouped);
      onDone();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${t.setGroups} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <p>${t.selected(ids.length)}</p>
      <${Field} type="select" label=${t.addTo} value=${add} onInput=${setAdd} options=${options} name="add" />
      <${Field} type="select" label=${t.takeFrom} value=${remove} onInput=${setRemove} options=${options} name="remove" />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} disabled=${!add && !remove} label=${t.save} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
