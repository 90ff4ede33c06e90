/** The request in four languages, with real values; secrets are shortened on the page and whole when copied. */
import { html } from '../html.js';
import { Code } from '../ui/index.js';
import t from '../strings/tutorial.js';
import { language, revealed } from './memory.js';
import { LANGUAGES, masked, snippet } from './snippets.js';

const COLOURS = { curl: 'shell', python: 'python', javascript: 'js', go: 'go' };

/** @param {{request: import('./snippets.js').Request, secrets: string[]}} props */
export function Languages({ request, secrets }) {
  const chosen = language.value;
  const whole = snippet(chosen, request);
  const text = revealed.value ? whole : snippet(chosen, masked(request, secrets));
  return html`<section class="tutorial-code">
    <div class="tutorial-code-head">
      <h3>${t.code}</h3>
      <${Choice} options=${LANGUAGES.map((each) => ({ id: each, label: t.languages[each] }))} chosen=${chosen} onChoose=${(/** @type {any} */ id) => (language.value = id)} label=${t.code} />
    </div>
    <${Code} text=${text} copy=${whole} language=${COLOURS[chosen]} label=${t.languages[chosen]} />
  </section>`;
}

/**
 * A few words of which one is chosen.
 * @param {{options: {id: string, label: string}[], chosen: string, onChoose: (id: string) => void, label: string}} props
 */
export function Choice({ options, chosen, onChoose, label }) {
  return html`<div class="tutorial-choice" role="group" aria-label=${label}>
    ${options.map(
      ({ id, label: word }) =>
        html`<button key=${id} type="button" class="tutorial-choice-one" aria-pressed=${String(id === chosen)} onClick=${() => onChoose(id)}>
          ${word}
        </button>`,
    )}
  </div>`;
}
