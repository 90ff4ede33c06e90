import { html, useState } from '../../html.js';
import { v1 } from '../../api/rest.js';
import { navigate } from '../../router.js';
import { Button, Dialog, Field, Form, Panel, toast } from '../../ui/index.js';
import t from '../../strings/products.js';

/**
 * Name, description and quarantine of a product, and its end.
 * @param {{base: string, product: import('../products.js').Product, onChange: () => void}} props
 */
export function ProductSettings({ base, product, onChange }) {
  const [name, setName] = useState(product.name);
  const [description, setDescription] = useState(product.description);
  const [quarantine, setQuarantine] = useState(Boolean(product.settings.quarantine));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [asked, setAsked] = useState(false);
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await v1('PUT', base, { body: { product: { name, description, settings: { quarantine } } } });
      toast(t.settingsSaved);
      onChange();
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  const remove = async () => {
    setBusy(true);
    try {
      await v1('DELETE', base, { query: { force: true } });
      toast(t.deletedProduct(product.name));
      navigate('/console/products', { replace: true });
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
      setBusy(false);
    }
  };
  return html`<${Panel} title=${t.settings} line=${t.settingsLine}>
      <${Form} onSubmit=${submit} busy=${busy} error=${error}>
        <${Field} label=${t.name} value=${name} onInput=${setName} name="name" required />
        <${Field} type="textarea" label=${t.description} value=${description} onInput=${setDescription} name="description" />
        <${Field} type="switch" label=${t.quarantine} hint=${t.quarantineHint} value=${quarantine} onInput=${setQuarantine} name="quarantine" />
        <div class="row"><${Button} kind="primary" type="submit" busy=${busy} label=${t.save} /></div>
      <//>
    <//>
    <${Panel} title=${t.deleteProduct} line=${t.deleteProductText}>
      <${Button} kind="danger" icon="trash-2" label=${t.deleteProduct} onClick=${() => setAsked(true)} />
    <//>
    ${asked &&
    html`<${Dialog}
      open
      danger
      title=${t.deleteProductTitle(product.name)}
      confirmLabel=${t.deleteProduct}
      mustType=${product.name}
      busy=${busy}
      onConfirm=${remove}
      onClose=${() => setAsked(false)}
    >
      <p>${t.deleteProductText}</p>
    <//>`}`;
}
