/** What can be chosen and typed on a step, and the short ways to what a step needs. */
import { html, useState } from '../html.js';
import { iot, v1 } from '../api/rest.js';
import { Button, ErrorBox, Field, Icon } from '../ui/index.js';
import t from '../strings/tutorial.js';
import { remember, values } from './memory.js';
import { giver } from './tracks.js';

/** @typedef {import('./steps.js').Step} Step */
/** @typedef {import('./steps.js').Control} Control */
/** @typedef {import('./tracks.js').Track} Track */

/** @param {{controls: Control[]}} props */
export function Controls({ controls }) {
  if (!controls.length) return null;
  return html`<div class="tutorial-controls">${controls.map((control) => html`<${One} key=${control.key} control=${control} />`)}</div>`;
}

/** @param {{control: Control}} props */
function One({ control }) {
  const { key, kind } = control;
  const all = values.value;
  const words = t.controls[key];
  const value = all[key] ?? '';
  const onInput = (/** @type {string} */ text) => remember(changed(key, text));
  const options = optionsOf(control, all);
  if (options?.length) {
    const known = options.some((each) => each.value === String(value));
    const list = known ? options : [{ value: '', label: t.choose, disabled: true }, ...options];
    return html`<${Field} label=${words.label} hint=${words.hint} type="select" value=${String(value)} options=${list} onInput=${onInput} />`;
  }
  const type = kind === 'password' ? 'password' : key === 'email' ? 'email' : 'text';
  return html`<${Field} label=${words.label} hint=${words.hint} type=${type} value=${value} onInput=${onInput} mono=${kind !== 'text' || undefined} />`;
}

/** What else changes with a value. @param {string} key @param {string} text @returns {import('./steps.js').Values} */
function changed(key, text) {
  if (key === 'device') return { device: text, described: undefined };
  if (key === 'thing') return { thing: text, property: '' };
  return { [key]: text };
}

/** @param {Control} control @param {import('./steps.js').Values} all @returns {{value: string, label: string}[] | null} */
function optionsOf({ kind, options }, all) {
  switch (kind) {
    case 'choice':
      return (options ?? []).map(([value, word]) => ({ value, label: t.lifetimes[word] ?? word }));
    case 'device':
      return (all.devices ?? []).map((/** @type {any} */ each) => ({
        value: each.id,
        label: `${each.name ?? each.id} – ${each.online ? t.online : t.offline}`,
      }));
    case 'variable':
      return Object.entries(all.described?.variables ?? {}).map(([name, type]) => ({ value: name, label: `${name} (${type})` }));
    case 'function':
      return (all.described?.functions ?? []).map((/** @type {string} */ name) => ({ value: name, label: name }));
    case 'product':
      return (all.products ?? []).map((/** @type {any} */ each) => ({ value: String(each.id), label: `${each.name} (${each.id})` }));
    case 'thing':
      return (all.things ?? []).map((/** @type {any} */ each) => ({ value: each.id, label: each.name }));
    case 'property': {
      const thing = all.things?.find((/** @type {any} */ each) => each.id === all.thing);
      return (thing?.properties ?? []).map((/** @type {any} */ each) => ({ value: each.id, label: `${each.name} (${each.type})` }));
    }
    default:
      return null;
  }
}

/** What is missing, with a way to it. @param {{track: Track, step: Step, names: string[]}} props */
export function Missing({ track, step, names }) {
  const typedHere = names.filter((name) => !giver(track, name, step.id));
  const brought = names.filter((name) => giver(track, name, step.id));
  const steps = new Set(brought.map((name) => giver(track, name, step.id)));
  const listed = (/** @type {string[]} */ some) => some.map((name) => t.values[name] ?? name).join(', ');
  return html`<div class="tutorial-missing" role="note">
    <${Icon} name="info" size=${16} />
    <div>
      ${brought.length ? html`<p>${t.missing(listed(brought))}</p>` : null}
      ${brought.length
        ? html`<p class="tutorial-missing-links">
            ${[...steps].map((from) => from && html`<a key=${from.id} href=${`/console/tutorial/${track.name}/${from.id}`}>${track.words[from.id].title}</a>`)}
          </p>`
        : null}
      ${typedHere.length ? html`<p>${t.unfilled(listed(typedHere))}</p>` : null}
    </div>
  </div>`;
}

/** A client or a key that is made on the spot. @param {{kind: 'client' | 'key'}} props */
export function Make({ kind }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const client = kind === 'client';
  const there = client ? values.value.ownSecret : values.value.keySecret;
  const make = async () => {
    setBusy(true);
    setError(null);
    try {
      remember(client ? await newClient() : await newKey());
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return html`<div class="tutorial-make">
    <div>
      <${Button} label=${client ? t.makeClient : t.makeKey} icon="wand-sparkles" busy=${busy} onClick=${make} kind=${there ? 'quiet' : 'plain'} />
      <p class="muted" role="status">${there ? t.made : client ? t.makeClientHint : t.makeKeyHint}</p>
    </div>
    ${error ? html`<${ErrorBox} error=${error} retry=${make} />` : null}
  </div>`;
}

/** The secret of the one before is known to nobody any more, so it goes. */
async function newClient() {
  const { clients } = await v1('GET', '/v1/clients');
  for (const each of clients ?? []) {
    if (each.name === t.clientName) await v1('DELETE', `/v1/clients/${encodeURIComponent(each.id)}`);
  }
  const { client } = await v1('POST', '/v1/clients', { form: { name: t.clientName, type: 'installed' } });
  return { ownClient: client.id, ownSecret: client.secret };
}

async function newKey() {
  for (const each of await iot('GET', '/v1/clients')) {
    if (each.name === t.keyName) await iot('DELETE', `/v1/clients/${encodeURIComponent(each.id)}`);
  }
  const key = await iot('PUT', '/v1/clients', { body: { name: t.keyName } });
  return { key: key.id, keySecret: key.secret };
}
