/** Makes a Particle board somebody's: directly while it is connected, or by a code that a set-up app gives it. */
import { html, useEffect, useSignal } from '../../html.js';
import { navigate } from '../../router.js';
import { own, v1 } from '../../api/rest.js';
import { Button, Code, duration, Field, Form, Icon, now, toast } from '../../ui/index.js';
import { t } from '../../strings/connect.js';

const HOUR = 3_600_000;
const c = t.particle.claim;
const words = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

/** @param {{device: import('./device-model.js').DeviceDetail|null, hexId: string, online: boolean, onChange: () => unknown}} props */
export function Claim({ device, hexId, online }) {
  const name = useSignal('');
  const busy = useSignal(false);
  const error = useSignal('');
  if (device?.owner) return html`<p class="connect-good"><${Icon} name="circle-check" size=${20} /> ${c.mine}</p>`;
  const claim = async () => {
    busy.value = true;
    error.value = '';
    try {
      await v1('POST', '/devices', { body: { id: hexId } });
      if (name.value.trim()) await v1('PUT', `/devices/${hexId}`, { body: { name: name.value.trim() } });
      const told = await own('GET', `devices/${hexId}`);
      toast(c.done, { kind: 'ok' });
      navigate(`/console/connect/${told.id}`, { replace: true });
    } catch (wrong) {
      error.value = words(wrong);
    }
    busy.value = false;
  };
  const ready = /^[0-9a-f]{24}$/.test(hexId);
  return html`
    ${!online && html`<p class="muted">${c.wait}</p>`}
    <${Form} onSubmit=${claim} busy=${busy.value} error=${error.value}>
      <${Field} label=${c.name} hint=${c.nameHint} value=${name.value} onInput=${(/** @type {string} */ text) => {
        name.value = text;
      }} />
      <p class="device-row"><${Button} kind=${online ? 'primary' : 'plain'} type="submit" label=${c.button} busy=${busy.value} disabled=${!ready} /></p>
    <//>
  `;
}

/** A code, good for an hour. */
export function ClaimCode() {
  const code = useSignal(/** @type {{text: string, until: number}|null} */ (null));
  const busy = useSignal(false);
  const error = useSignal('');
  useEffect(() => {
    if (!code.value) return undefined;
    const timer = setTimeout(() => {
      code.value = null;
    }, code.value.until - Date.now());
    return () => clearTimeout(timer);
  }, [code.value]);
  const make = async () => {
    busy.value = true;
    error.value = '';
    try {
      const told = await v1('POST', '/device_claims', { body: {} });
      code.value = { text: told.claim_code, until: Date.now() + HOUR };
    } catch (wrong) {
      error.value = words(wrong);
    }
    busy.value = false;
  };
  return html`
    <details class="connect-more">
      <summary>${c.code}</summary>
      <p>${c.codeLine}</p>
      ${
        code.value
          ? html`
        <${Code} text=${code.value.text} wrap label=${`${c.valid} ${duration(code.value.until - now.value)}`} />
        <p>${c.serial}</p>
      `
          : html`<p class="device-row"><${Button} label=${c.make} busy=${busy.value} onClick=${make} /></p>`
      }
      ${error.value && html`<p class="form-error" role="alert">${error.value}</p>`}
    </details>
  `;
}
