/** The request of a webhook, field by field. */
import { html } from '../../html.js';
import { Button, Field, IconButton } from '../../ui/index.js';
import t from '../../strings/integrations.js';
import { hasBody, jsonOf } from './integration-model.js';

/** @typedef {import('./integration-model.js').Draft} Draft */
/** @typedef {import('./integration-model.js').Pairs} Pairs */

const METHODS = ['POST', 'PUT', 'GET', 'DELETE'].map((each) => ({ value: each, label: each }));
const MODES = /** @type {const} */ (['json', 'form', 'body', 'default']);

/** @param {{draft: Draft, onDraft: (changes: Partial<Draft>) => void, devices: {value: string, label: string}[]}} props */
export function RequestForm({ draft, onDraft, devices }) {
  /** @param {keyof Draft} name */
  const put = (name) => (/** @type {any} */ value) => onDraft({ [name]: value });
  const body = hasBody(draft.requestType);
  return html`<div class="integration-form">
    <${Field} label=${t.event} hint=${t.eventHint} value=${draft.event} onInput=${put('event')} mono=${true} required=${true} maxlength=${64} />
    <${Field} label=${t.name} hint=${t.nameHint} value=${draft.name} onInput=${put('name')} maxlength=${200} />
    <div class="integration-target">
      <${Field} label=${t.method} type="select" value=${draft.requestType} options=${METHODS} onInput=${put('requestType')} />
      <${Field} label=${t.url} hint=${t.urlHint} value=${draft.url} onInput=${put('url')} mono=${true} required=${true} placeholder="https://example.com/readings" />
    </div>
    ${body
      ? html`<${Field} label=${t.mode} type="select" value=${draft.mode} options=${MODES.map((each) => ({ value: each, label: t.modes[each] }))} onInput=${put('mode')} />`
      : html`<p class="muted">${t.noBody(draft.requestType)}</p>`}
    ${body && draft.mode === 'json'
      ? html`<${Field}
          label=${t.json}
          hint=${draft.json.trim() && typeof jsonOf(draft.json) === 'string' ? t.jsonLoose : t.jsonHint}
          type="textarea"
          rows=${8}
          mono=${true}
          value=${draft.json}
          onInput=${put('json')}
        />`
      : null}
    ${body && draft.mode === 'body' ? html`<${Field} label=${t.body} type="textarea" rows=${8} mono=${true} value=${draft.body} onInput=${put('body')} />` : null}
    ${!body || draft.mode === 'form' ? html`<${PairList} label=${t.fields} pairs=${draft.form} onPairs=${put('form')} />` : null}
    <${Field} label=${t.defaults} hint=${t.defaultsHint} type="checkbox" value=${!draft.noDefaults} onInput=${(/** @type {boolean} */ on) => onDraft({ noDefaults: !on })} />
    <${PairList} label=${t.headers} pairs=${draft.headers} onPairs=${put('headers')} />
    <${PairList} label=${t.query} pairs=${draft.query} onPairs=${put('query')} />
    <details class="integration-more" open=${draft.auth || Boolean(draft.deviceID || draft.responseTopic || draft.responseTemplate)}>
      <summary>${t.advanced}</summary>
      <${Field} label=${t.auth} type="switch" value=${draft.auth} onInput=${put('auth')} />
      ${draft.auth
        ? html`<div class="integration-pair">
            <${Field} label=${t.username} value=${draft.username} onInput=${put('username')} />
            <${Field} label=${t.password} type="password" value=${draft.password} onInput=${put('password')} />
          </div>`
        : null}
      <${Field} label=${t.device} type="select" value=${draft.deviceID} options=${[{ value: '', label: t.anyDevice }, ...known(devices, draft.deviceID)]} onInput=${put('deviceID')} />
      <${Field} label=${t.responseTopic} hint=${t.responseTopicHint} value=${draft.responseTopic} onInput=${put('responseTopic')} mono=${true} />
      <${Field} label=${t.errorTopic} hint=${t.errorTopicHint} value=${draft.errorResponseTopic} onInput=${put('errorResponseTopic')} mono=${true} />
      <${Field} label=${t.responseTemplate} hint=${t.responseTemplateHint} type="textarea" rows=${3} mono=${true} value=${draft.responseTemplate} onInput=${put('responseTemplate')} />
      <${Field} label=${t.unchunked} hint=${t.unchunkedHint} type="checkbox" value=${draft.unchunked} onInput=${put('unchunked')} />
      <${Field} label=${t.verify} hint=${t.verifyHint} type="checkbox" value=${draft.rejectUnauthorized} onInput=${put('rejectUnauthorized')} />
    </details>
  </div>`;
}

/** A board that is in no list is offered by its id. @param {{value: string, label: string}[]} devices @param {string} id */
function known(devices, id) {
  return !id || devices.some((each) => each.value === id) ? devices : [...devices, { value: id, label: id }];
}

/** @param {{label: string, pairs: Pairs, onPairs: (pairs: Pairs) => void}} props */
function PairList({ label, pairs, onPairs }) {
  /** @param {number} at @param {0 | 1} part */
  const put = (at, part) => (/** @type {string} */ text) =>
    onPairs(pairs.map((pair, n) => (n === at ? /** @type {[string, string]} */ (part ? [pair[0], text] : [text, pair[1]]) : pair)));
  return html`<fieldset class="integration-pairs">
    <legend>${label}</legend>
    ${pairs.map(
      ([name, value], at) => html`<div class="integration-pair" key=${at}>
        <${Field} label=${t.pairName} hideLabel=${true} placeholder=${t.pairName} value=${name} mono=${true} onInput=${put(at, 0)} />
        <${Field} label=${t.pairValue} hideLabel=${true} placeholder=${t.pairValue} value=${value} mono=${true} onInput=${put(at, 1)} />
        <${IconButton} icon="x" label=${t.pairRemove(name)} onClick=${() => onPairs(pairs.filter((_, n) => n !== at))} />
      </div>`,
    )}
    <${Button} label=${t.pairAdd} icon="plus" kind="quiet" small=${true} onClick=${() => onPairs([...pairs, ['', '']])} />
  </fieldset>`;
}
