import { html, useState } from '../../html.js';
import { own } from '../../api/rest.js';
import { Button, Code, Dialog, Field, Form, Secret, toast } from '../../ui/index.js';
import t from '../../strings/settings.js';

/** @typedef {{token: string, secret: string, uri: string, svg: string}} Enrolment */

/**
 * The second factor, turned on and off.
 * @param {{on: boolean, onDone: () => void}} props
 */
export function SecondFactor({ on, onDone }) {
  const [enrolment, setEnrolment] = useState(/** @type {Enrolment | null} */ (null));
  const [recovery, setRecovery] = useState(/** @type {string | null} */ (null));
  const [asking, setAsking] = useState(/** @type {'start' | 'stop' | null} */ (null));
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  /** @param {() => Promise<void>} doing */
  const act = async (doing) => {
    setBusy(true);
    setError(null);
    try {
      await doing();
      setText('');
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  const start = () =>
    act(async () => {
      setEnrolment(await own('POST', 'account/mfa', { body: { password: text } }));
      setAsking(null);
    });
  const confirm = () =>
    act(async () => {
      const told = await own('POST', 'account/mfa/confirm', {
        body: { token: enrolment?.token, otp: text.replace(/\s/g, '') },
      });
      setEnrolment(null);
      setRecovery(told.recovery);
      toast(t.mfaDone);
    });
  const stop = () =>
    act(async () => {
      await own('DELETE', 'account/mfa', { body: { password: text } });
      setAsking(null);
      toast(t.mfaStopped);
      onDone();
    });
  if (recovery) {
    return html`<${Secret}
      title=${t.mfaRecoveryTitle}
      entries=${[{ label: t.mfaRecovery, value: recovery }]}
      fileName="rookery-recovery-code"
      onDone=${() => {
        setRecovery(null);
        onDone();
      }}
    />`;
  }
  if (enrolment) {
    // As a picture and not as elements: what the server drew is never part of the page.
    const picture = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(enrolment.svg)}`;
    return html`<${Form} onSubmit=${confirm} busy=${busy} error=${error}>
      <p>${t.mfaScan}</p>
      <img class="qr" src=${picture} alt=${t.mfaPicture} width="200" height="200" />
      <${Code} label=${t.mfaKey} text=${enrolment.secret} />
      <${Field} label=${t.mfaCode} value=${text} onInput=${setText} name="otp" autocomplete="one-time-code" inputmode="numeric" required autofocus />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${t.mfaConfirm} />
        <${Button} kind="plain" label=${t.cancel} onClick=${() => setEnrolment(null)} />
      </div>
    <//>`;
  }
  const open = (/** @type {'start' | 'stop'} */ what) => {
    setError(null);
    setText('');
    setAsking(what);
  };
  return html`
    ${on
      ? html`<${Button} kind="plain" label=${t.mfaStop} onClick=${() => open('stop')} />`
      : html`<${Button} kind="plain" icon="shield-check" label=${t.mfaStart} onClick=${() => open('start')} />`}
    ${asking &&
    html`<${Dialog}
      open
      danger=${asking === 'stop'}
      title=${asking === 'stop' ? t.mfaStop : t.mfaStart}
      confirmLabel=${asking === 'stop' ? t.mfaStop : t.next}
      busy=${busy}
      disabled=${!text}
      onConfirm=${asking === 'stop' ? stop : start}
      onClose=${() => setAsking(null)}
    >
      ${asking === 'stop' && html`<p>${t.mfaStopText}</p>`}
      <${Field}
        type="password"
        label=${t.mfaAsk}
        value=${text}
        onInput=${setText}
        error=${error?.message}
        name="password"
        autocomplete="current-password"
        autofocus
      />
    <//>`}
  `;
}
