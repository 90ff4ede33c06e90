/** Gives a board with a secure element its certificate, through the serial monitor of the Arduino IDE. */
import { html, useSignal } from '../../html.js';
import { iot } from '../../api/rest.js';
import { Button, Copy, Field, Id } from '../../ui/index.js';
import { t } from '../../strings/connect.js';

/**
 * @typedef {object} Compressed
 * @property {string} not_before
 * @property {string} not_after
 * @property {string} serial
 * @property {string} signature
 * @property {string} authority_key_identifier
 */

/** @param {{device: import('./device-model.js').DeviceDetail, onChange: () => unknown}} props */
export function CertificateStep({ device, onChange }) {
  const open = useSignal(device.certificates === 0);
  const request = useSignal('');
  const busy = useSignal(false);
  const error = useSignal('');
  const signed = useSignal(/** @type {Compressed|null} */ (null));
  const complete = /-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----/.exec(request.value)?.[0];
  if (!open.value) {
    return html`<p>${t.certificate.have(device.certificates)}</p>
      <p class="device-row"><${Button} small label=${t.certificate.again} onClick=${() => {
        open.value = true;
      }} /></p>`;
  }
  const sign = async () => {
    if (!complete) {
      error.value = t.certificate.bad;
      return;
    }
    busy.value = true;
    error.value = '';
    try {
      const told = await iot('PUT', `/v2/devices/${device.id}/certs`, { body: { csr: complete, enabled: true, ca: 'Arduino' } });
      signed.value = told.compressed;
      void onChange();
    } catch (wrong) {
      error.value = wrong instanceof Error ? wrong.message : String(wrong);
    }
    busy.value = false;
  };
  return html`
    <p>${t.certificate.line}</p>
    <ol class="connect-steps">
      <li>${t.certificate.one}</li>
      <li>${t.certificate.two} <${Id} id=${device.id} full /></li>
      <li>${t.certificate.three}
        <${Field} type="textarea" mono rows=${5} hideLabel label=${t.certificate.request} value=${request.value} error=${error.value}
          placeholder="-----BEGIN CERTIFICATE REQUEST-----" onInput=${(/** @type {string} */ text) => {
            request.value = text;
            error.value = '';
          }} />
        <${Button} label=${t.certificate.sign} busy=${busy.value} disabled=${!request.value.trim()} onClick=${sign} />
      </li>
      ${
        signed.value &&
        html`
        <li>${t.certificate.four}
          <dl class="connect-answers">
            ${answers(signed.value).map(([label, value]) => html`<div key=${label}><dt>${label}</dt><dd><code>${value}</code> <${Copy} text=${value} /></dd></div>`)}
          </dl>
        </li>
        <li>${t.certificate.done}</li>
      `
      }
    </ol>
  `;
}

/**
 * What the sketch asks for, in its order.
 * @param {Compressed} compressed
 * @returns {[string, string][]}
 */
function answers(compressed) {
  const from = new Date(compressed.not_before);
  const years = new Date(compressed.not_after).getUTCFullYear() - from.getUTCFullYear();
  const c = t.certificate;
  return [
    [c.year, String(from.getUTCFullYear())],
    [c.month, String(from.getUTCMonth() + 1)],
    [c.day, String(from.getUTCDate())],
    [c.hour, String(from.getUTCHours())],
    [c.years, String(years)],
    [c.serial, compressed.serial],
    [c.authority, compressed.authority_key_identifier],
    [c.signature, compressed.signature],
  ];
}
