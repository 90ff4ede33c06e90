import { html, useState } from '../../html.js';
import { own, useLoad, v1 } from '../../api/rest.js';
import { refresh } from '../../api/session.js';
import { Button, Dialog, Field, Form, Id, Panel, Secret, Sheet, Table, Tag, Time, toast } from '../../ui/index.js';
import t from '../../strings/keys.js';

/** @typedef {{handle: string, client: string, created: number, expires: number | null, used: number | null, current: boolean, console: boolean}} Token */

const DAY = 86_400;
const LIFETIMES = [
  { value: '3600', label: t.hour },
  { value: String(DAY), label: t.day },
  { value: String(90 * DAY), label: t.quarter },
  { value: String(365 * DAY), label: t.year },
  { value: '', label: t.forever },
];

/** Access tokens: whoever has one acts as the person. */
export function AccessTokens() {
  const load = useLoad(async (api) => (await api.own('GET', 'tokens')).tokens, []);
  const [making, setMaking] = useState(false);
  const [asked, setAsked] = useState(/** @type {Token | 'all' | null} */ (null));
  const [shown, setShown] = useState(/** @type {string | null} */ (null));
  const actions = html`
    ${load.data?.length > 1 &&
    html`<${Button} kind="quiet" label=${t.revokeAll} onClick=${() => setAsked('all')} />`}
    <${Button} kind="primary" icon="plus" label=${t.createToken} onClick=${() => setMaking(true)} />
  `;
  return html`
    ${shown &&
    html`<${Secret}
      title=${t.tokenSecretTitle}
      entries=${[{ label: t.token, value: shown }]}
      fileName="rookery-token"
      onDone=${() => setShown(null)}
    />`}
    <${Panel} title=${t.tokens} line=${t.tokensLine} actions=${actions} calls=${load.calls} flush>
      <${Table}
        label=${t.tokens}
        load=${load}
        rows=${load.data ?? []}
        keyOf=${(/** @type {Token} */ token) => token.handle}
        empty=${{ icon: 'key-round', sentence: t.tokensEmpty, example: t.tokensExample }}
        columns=${[
          {
            key: 'client',
            label: t.client,
            render: (/** @type {Token} */ token) =>
              token.current
                ? html`<${Tag} label=${t.thisBrowser} kind="ok" />`
                : token.console
                  ? t.browser
                  : token.client,
          },
          {
            key: 'handle',
            label: t.tokenHandle,
            hidePhone: true,
            render: (/** @type {Token} */ token) => html`<${Id} id=${token.handle} />`,
          },
          {
            key: 'created',
            label: t.created,
            hidePhone: true,
            render: (/** @type {Token} */ token) => html`<${Time} at=${token.created} />`,
          },
          {
            key: 'used',
            label: t.lastUsed,
            hidePhone: true,
            render: (/** @type {Token} */ token) => (token.used === null ? t.never : html`<${Time} at=${token.used} />`),
          },
          {
            key: 'expires',
            label: t.expires,
            render: (/** @type {Token} */ token) =>
              token.expires === null ? t.never : html`<${Time} at=${token.expires} />`,
          },
          {
            key: 'revoke',
            label: '',
            align: 'end',
            render: (/** @type {Token} */ token) =>
              html`<${Button} kind="quiet" small label=${t.revoke} onClick=${() => setAsked(token)} />`,
          },
        ]}
      />
    <//>
    ${making &&
    html`<${Making}
      onClose=${() => setMaking(false)}
      onDone=${(/** @type {string} */ token) => {
        setMaking(false);
        setShown(token);
        load.reload();
      }}
    />`}
    ${asked && html`<${Revoking} asked=${asked} onClose=${() => setAsked(null)} onDone=${load.reload} />`}
  `;
}

/** @param {{onClose: () => void, onDone: (token: string) => void}} props */
function Making({ onClose, onDone }) {
  const [lifetime, setLifetime] = useState(LIFETIMES[2].value);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      const made = await own('POST', 'tokens', { body: { expires_in: lifetime === '' ? null : Number(lifetime) } });
      onDone(made.token);
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${t.createToken} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field} type="select" label=${t.lifetime} value=${lifetime} onInput=${setLifetime} options=${LIFETIMES} name="lifetime" />
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${t.createToken} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}

/** @param {{asked: Token | 'all', onClose: () => void, onDone: () => void}} props */
function Revoking({ asked, onClose, onDone }) {
  const [busy, setBusy] = useState(false);
  const all = asked === 'all';
  const act = async () => {
    setBusy(true);
    try {
      if (all) await v1('DELETE', '/access_tokens');
      else await own('DELETE', `tokens/${asked.handle}`);
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
      setBusy(false);
      return;
    }
    onClose();
    if (all || asked.current) {
      await refresh();
    } else {
      toast(t.revoked);
      onDone();
    }
  };
  return html`<${Dialog}
    open
    danger
    title=${all ? t.revokeAllTitle : t.revokeTitle}
    confirmLabel=${all ? t.revokeAll : t.revoke}
    busy=${busy}
    onConfirm=${act}
    onClose=${onClose}
  >
    <p>${all ? t.revokeAllText : t.revokeText}</p>
    ${!all && asked.current && html`<p>${t.revokeHere}</p>`}
  <//>`;
}
