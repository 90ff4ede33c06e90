/** A sample event, the request that it makes, and a test that really sends it. */
import { html, useEffect, useState } from '../../html.js';
import { v1 } from '../../api/rest.js';
import { Button, Code, Copy, Field, Icon, Panel } from '../../ui/index.js';
import t from '../../strings/integrations.js';
import { definitionOf, namesOf, pathOf } from './integration-model.js';

/** @typedef {import('./integration-model.js').Draft} Draft */
/** @typedef {{method: string, url: string, headers: [string, string][], body: string}} Made */
/** @typedef {{name: string, data: string, device: string}} Sample */

/** Milliseconds without a key before the server is asked. */
const CALM = 350;

/**
 * @param {{draft: Draft, place: string, devices: {value: string, label: string}[], id: string | null, dirty: boolean,
 *   onTested: () => void}} props id: null while it is not there yet
 */
export function SamplePanel({ draft, place, devices, id, dirty, onTested }) {
  const [sample, setSample] = useState(/** @type {Sample} */ ({ name: '', data: '{"t": 21.5, "unit": "C"}', device: '' }));
  const { made, wrong } = usePreview(draft, place, sample);
  const set = (/** @type {Partial<Sample>} */ changes) => setSample({ ...sample, ...changes });
  return html`<div class="integration-side">
    <${Panel} title=${t.sample} line=${t.sampleLine}>
      <div class="integration-sample">
        <${Field} label=${t.sampleName} value=${sample.name} placeholder=${draft.event} mono=${true} maxlength=${64} onInput=${(/** @type {string} */ name) => set({ name })} />
        <${Field} label=${t.sampleDevice} type="select" value=${sample.device} options=${[{ value: '', label: t.sampleApi }, ...devices]} onInput=${(/** @type {string} */ device) => set({ device })} />
      </div>
      <${Field} label=${t.sampleData} type="textarea" rows=${3} mono=${true} value=${sample.data} onInput=${(/** @type {string} */ data) => set({ data })} />
      <${Preview} made=${made} wrong=${wrong} ready=${Boolean(draft.event && draft.url)} />
      ${id ? html`<${Test} id=${id} place=${place} sample=${sample} dirty=${dirty} onTested=${onTested} />` : null}
    <//>
    <${Hints} data=${sample.data} product=${place !== ''} open=${id === null} />
  </div>`;
}

/** @param {Draft} draft @param {string} place @param {Sample} sample */
function usePreview(draft, place, sample) {
  const [result, setResult] = useState(/** @type {{made: Made | null, wrong: string[]}} */ ({ made: null, wrong: [] }));
  const asked = JSON.stringify([definitionOf(draft), place, sample]);
  useEffect(() => {
    if (!draft.event || !draft.url) {
      setResult({ made: null, wrong: [] });
      return undefined;
    }
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      const body = { definition: definitionOf(draft), name: sample.name || draft.event, data: sample.data, device_id: sample.device || 'api' };
      try {
        const { request } = await v1('POST', `${pathOf(place)}/preview`, { body, signal: abort.signal });
        setResult({ made: request, wrong: [] });
      } catch (error) {
        if (abort.signal.aborted) return;
        const { detail, message } = /** @type {any} */ (error);
        setResult((before) => ({ made: before.made, wrong: Array.isArray(detail?.errors) ? detail.errors : [message] }));
      }
    }, CALM);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked]);
  return result;
}

/** @param {{made: Made | null, wrong: string[], ready: boolean}} props */
function Preview({ made, wrong, ready }) {
  return html`<div class="integration-preview">
    <h3>${t.preview}</h3>
    ${wrong.length
      ? html`<div class="integration-wrong" role="status">
          <${Icon} name="triangle-alert" size=${16} />
          <div><strong>${t.wrong}</strong>${wrong.map((each) => html`<p>${each}</p>`)}</div>
        </div>`
      : null}
    ${!ready ? html`<p class="muted">${t.previewWaiting}</p>` : null}
    ${made && ready ? html`<div class=${wrong.length ? 'integration-stale' : ''}><${Written} request=${made} /></div>` : null}
  </div>`;
}

/** A request as it goes over the line. @param {{request: Made}} props */
export function Written({ request }) {
  const head = [`${request.method} ${request.url}`, ...request.headers.map(([name, value]) => `${name}: ${value}`)].join('\n');
  return html`<${Code} text=${request.body ? `${head}\n\n${pretty(request.body)}` : head} label=${request.method} wrap=${true} />`;
}

/** @param {string} body */
export function pretty(body) {
  if (!/^\s*[[{]/.test(body)) return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** @param {{id: string, place: string, sample: Sample, dirty: boolean, onTested: () => void}} props */
function Test({ id, place, sample, dirty, onTested }) {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState(/** @type {{pass: boolean, data?: string, error?: string} | null} */ (null));
  const test = async () => {
    setBusy(true);
    try {
      const form = { data: sample.data, ...(sample.device ? { device_id: sample.device } : {}) };
      setResult(await v1('POST', `${pathOf(place)}/${id}/test`, { form }));
      onTested();
    } catch (error) {
      setResult({ pass: false, error: /** @type {Error} */ (error).message.replace(/\.$/, '') });
    } finally {
      setBusy(false);
    }
  };
  return html`<div class="integration-test">
    <${Button} label=${t.test} icon="send" busy=${busy} disabled=${dirty} onClick=${test} />
    <p class="muted small">${dirty ? t.testDirty : t.testHint}</p>
    ${result
      ? html`<div role="status">
          <p class=${result.pass ? 'ok-text' : 'error-text'}>
            <${Icon} name=${result.pass ? 'circle-check' : 'circle-alert'} size=${16} /> ${result.pass ? t.testPassed : t.testFailed((result.error ?? '').replace(/\.$/, ''))}
          </p>
          ${result.data ? html`<${Code} text=${pretty(result.data)} label=${t.answer} wrap=${true} />` : null}
        </div>`
      : null}
  </div>`;
}

/** @param {{data: string, product: boolean, open: boolean}} props */
function Hints({ data, product, open }) {
  const own = namesOf(data);
  const server = Object.entries(t.variables).filter(([name]) => product || !name.startsWith('PRODUCT_'));
  return html`<details class="integration-hints" open=${open}>
    <summary>${t.hints}</summary>
    <p class="muted">${t.hintLine}</p>
    <ul>
      ${[...own.map((name) => [name, t.ofData]), ...server].map(
        ([name, words]) => html`<li key=${name}>
          <code>${`{{{${name}}}}`}</code><${Copy} text=${`{{{${name}}}}`} quiet=${true} /> <span class="muted">${words}</span>
        </li>`,
      )}
    </ul>
    <p class="muted">${t.hintSection}</p>
  </details>`;
}
