/** Sharing: with people of this server, and with whoever has a link. */
import { html, useState } from '../html.js';
import { style } from '../style.js';
import { iot, own, useLoad } from '../api/rest.js';
import { Button, ErrorBox, Field, Form, IconButton, Secret, Sheet, Skeleton, Time, toast } from '../ui/index.js';
import { isSource } from './sources.js';
import t from '../strings/dashboard.js';

await style('dashboard-pick');

const words = t.share;

/** @param {{doc: import('./document.js').Doc, onClose: () => void}} props */
export function Share({ doc, onClose }) {
  return html`<${Sheet} open=${true} title=${words.title} onClose=${onClose}>
    ${doc.widgets.some((each) => isSource(each.options['source'])) ? html`<p class="muted">${words.sources}</p>` : null}
    <${People} id=${doc.id} />
    <${Links} doc=${doc} />
  <//>`;
}

/** @param {{id: string}} props */
function People({ id }) {
  const shares = useLoad((api) => api.iot('GET', `/v2/dashboards/${id}/shares`), [id]);
  const asked = useLoad(async (api) => (await api.own('GET', `dashboards/${id}/requests`)).requests, [id]);
  const [who, setWho] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {string|null} */ (null));
  /** @param {any} whom */
  const add = async (whom) => {
    setBusy(true);
    setError(null);
    try {
      await iot('PUT', `/v2/dashboards/${id}/shares`, { body: whom });
      setWho('');
      shares.reload();
      asked.reload();
    } catch (failed) {
      const { status, message } = /** @type {any} */ (failed);
      setError(status === 404 ? words.unknown : message);
    }
    setBusy(false);
  };
  /** @param {() => Promise<any>} act @param {{reload: () => void}} then */
  const run = async (act, then) => {
    try {
      await act();
      then.reload();
    } catch (failed) {
      toast(/** @type {Error} */ (failed).message, { kind: 'error' });
    }
  };
  return html`<section class="db-share">
    <h3>${words.people}</h3>
    <p class="muted">${words.peopleLine}</p>
    ${(asked.data ?? []).map(
      (/** @type {any} */ each) => html`<div class="db-asks" key=${each.person.id}>
        <div class="grow">
          <strong>${each.person.name || each.person.email}</strong> ${words.asks}
          ${each.message ? html`<p class="db-asks-message">${each.message}</p>` : null}
        </div>
        <${Button} small=${true} label=${words.add} onClick=${() => void add({ user_id: each.person.id })} />
        <${Button} small=${true} kind="quiet" label=${words.decline} onClick=${() => void run(() => own('DELETE', `dashboards/${id}/requests/${each.person.id}`), asked)} />
      </div>`,
    )}
    <${Form} onSubmit=${() => (who.trim() ? add({ username: who.trim() }) : undefined)} busy=${busy}>
      <div class="db-share-line">
        <${Field} label=${words.who} value=${who} onInput=${setWho} error=${error} autofocus=${true} />
        <${Button} type="submit" label=${words.add} busy=${busy} disabled=${who.trim() === ''} />
      </div>
    <//>
    ${shares.state === 'error' ? html`<${ErrorBox} error=${shares.error} retry=${shares.reload} />` : null}
    ${shares.state === 'loading' ? html`<${Skeleton} rows=${1} />` : null}
    ${shares.data?.length === 0 ? html`<p class="muted">${words.nobody}</p>` : null}
    <ul class="plain">
      ${(shares.data ?? []).map((/** @type {any} */ each) => {
        const name = each.username ?? each.user_id;
        return html`<li class="db-share-row" key=${each.user_id}>
          <span class="db-link-name">${name}</span>
          <${IconButton} small=${true} icon="x" label=${words.remove(name)} onClick=${() => void run(() => iot('DELETE', `/v2/dashboards/${id}/shares/${each.user_id}`), shares)} />
        </li>`;
      })}
    </ul>
  </section>`;
}

/** @param {{doc: import('./document.js').Doc}} props */
function Links({ doc }) {
  const links = useLoad(async (api) => (await api.own('GET', `dashboards/${doc.id}/links`)).links, [doc.id]);
  const [name, setName] = useState('');
  const [span, setSpan] = useState('');
  const [made, setMade] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const make = async () => {
    setBusy(true);
    setError(null);
    try {
      const expires = span ? Date.now() + Number(span) * 1000 : null;
      setMade(await own('POST', `dashboards/${doc.id}/links`, { body: { name: name.trim(), expires } }));
      setName('');
      links.reload();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  };
  /** @param {string} id */
  const revoke = async (id) => {
    try {
      await own('DELETE', `dashboards/${doc.id}/links/${id}`);
      toast(words.revoked);
      if (made?.id === id) setMade(null);
      links.reload();
    } catch (failed) {
      toast(/** @type {Error} */ (failed).message, { kind: 'error' });
    }
  };
  return html`<section class="db-share">
    <h3>${words.links}</h3>
    <p class="muted">${words.linksLine}</p>
    ${made
      ? html`<${Secret} title=${words.once} fileName=${'dashboard-link'} entries=${[{ label: words.copy, value: made.link }]} onDone=${() => setMade(null)} />`
      : html`<${Form} onSubmit=${make} busy=${busy} error=${error}>
          <div class="db-share-line">
            <${Field} label=${words.linkName} value=${name} onInput=${setName} maxlength=${64} />
            <${Field} label=${words.expires} type="select" value=${span} onInput=${setSpan} options=${words.spans.map(([value, label]) => ({ value, label }))} />
            <${Button} type="submit" icon="link" label=${words.make} busy=${busy} />
          </div>
        <//>`}
    ${links.state === 'error' ? html`<${ErrorBox} error=${links.error} retry=${links.reload} />` : null}
    ${links.data?.length === 0 && !made ? html`<p class="muted">${words.noLinks}</p>` : null}
    <ul class="plain">
      ${(links.data ?? []).map(
        (/** @type {any} */ each) => html`<li class="db-share-row" key=${each.id}>
          <span class="grow">
            <span>${each.name || words.unnamed}</span>
            <span class="muted small">
              ${words.made} <${Time} at=${each.created} />${each.made_by?.name ? `, ${each.made_by.name}` : ''} · ${each.expires ? html`${words.until} <${Time} at=${each.expires} exact=${true} />` : words.forever}
            </span>
          </span>
          <${Button} small=${true} label=${words.revoke} onClick=${() => void revoke(each.id)} />
        </li>`,
      )}
    </ul>
  </section>`;
}
