/** One step: what it does, its controls, the request, the reply, and the same call in four languages. */
import { html, useEffect, useRef, useState } from '../html.js';
import { setQuery } from '../router.js';
import { Button, Icon } from '../ui/index.js';
import t from '../strings/tutorial.js';
import { Choice, Languages } from './code.js';
import { Controls, Make, Missing } from './controls.js';
import { listen, send } from './call.js';
import { ReplyPane, RequestPane } from './exchange.js';
import { LiveThing } from './live.js';
import { done, keepReply, markDone, remember, replies, values } from './memory.js';
import { missing, secretsOf } from './steps.js';

/** @typedef {import('./steps.js').Step} Step */
/** @typedef {import('./steps.js').Variant} Variant */
/** @typedef {import('./steps.js').Reply} Reply */
/** @typedef {import('./tracks.js').Track} Track */

/** Seconds before its end at which a token of five minutes is renewed. */
const EARLY = 15;

/** @param {{track: Track, step: Step, way: string}} props */
export function StepView({ track, step, way }) {
  const words = track.words[step.id];
  const all = values.value;
  const variant = step.variants.find((each) => each.id === way) ?? step.variants[0];
  const name = `${track.name}/${step.id}`;
  const full = `${name}/${variant.id}`;
  const [busy, setBusy] = useState(false);
  const pane = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => remember({ now: Date.now() }), [full]);

  const lacks = missing(step, variant, all);
  const request = variant.request(all);
  const secrets = secretsOf(all);
  const reply = replies.value.get(full);
  const controls = step.controls.filter((control) => !control.only || control.only.includes(variant.id));

  const go = async () => {
    setBusy(true);
    if (track.name === 'arduino' && step.id !== 'token') await renewed(track);
    const now = values.peek();
    const came = await send(variant.request(now));
    keepReply(full, came);
    taken(came, step, variant, name);
    setBusy(false);
    remember({ now: Date.now() });
    requestAnimationFrame(() => pane.current?.scrollIntoView({ block: 'nearest' }));
  };
  const stream = useStream(step, variant, name, full);

  return html`<article class="tutorial-step" aria-labelledby="tutorial-step-title">
    <h2 id="tutorial-step-title">${words.title}</h2>
    <div class="tutorial-what">${words.what.map((each) => html`<p>${each}</p>`)}</div>
    ${step.variants.length > 1
      ? html`<${Choice}
          label=${t.ways}
          options=${step.variants.map((each) => ({ id: each.id, label: words.ways?.[each.id] ?? each.id }))}
          chosen=${variant.id}
          onChoose=${(/** @type {string} */ id) => setQuery({ way: id === step.variants[0].id ? null : id })}
        />`
      : null}
    ${step.extra === 'client' && variant.id === 'client' ? html`<${Make} kind="client" />` : null}
    ${step.extra === 'key' ? html`<${Make} kind="key" />` : null}
    <form
      class="tutorial-form"
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        if (!lacks.length && !busy) void (step.extra === 'stream' ? stream.toggle() : go());
      }}
    >
      <${Controls} controls=${controls} />
      ${lacks.length ? html`<${Missing} track=${track} step=${step} names=${lacks} />` : null}
      <${RequestPane} request=${request} secrets=${secrets} />
      <div class="tutorial-send">
        ${step.extra === 'stream'
          ? html`<${Button} kind="primary" type="submit" icon=${stream.open ? 'square' : 'play'} label=${stream.open ? t.stop : t.listen} disabled=${lacks.length > 0} />
              ${stream.open && step.poke ? html`<${Button} icon="send" label=${words.pokes ?? t.send} onClick=${stream.poke} />` : null}`
          : html`<${Button} kind="primary" type="submit" icon="send" label=${reply ? t.again : t.send} busy=${busy} disabled=${lacks.length > 0} />`}
        ${stream.open ? html`<span class="muted" role="status">${t.streaming}</span>` : null}
      </div>
    </form>
    <div ref=${pane} class="tutorial-answer">
      <${ReplyPane} reply=${reply} step=${step.id} variant=${variant} streaming=${stream.open} secrets=${secrets} />
      <${NextWay} step=${step} variant=${variant} words=${words} name=${name} />
    </div>
    ${step.extra === 'mqtt' ? html`<${LiveThing} />` : html`<${Languages} request=${request} secrets=${secrets} />`}
  </article>`;
}

/** What an answer brings, and whether the step has done its work. @param {Reply} reply @param {Step} step @param {Variant} variant @param {string} name */
function taken(reply, step, variant, name) {
  const good = reply.status >= 200 && reply.status < 300;
  if (good && variant.keep) {
    try {
      remember(variant.keep(reply, values.peek()));
    } catch {
      // An answer of another shape brings nothing; it is shown as it is.
    }
  }
  // It opens as much as the token does.
  const refresh = reply.json?.refresh_token;
  if (typeof refresh === 'string') remember({ hidden: [...(values.peek().hidden ?? []), refresh] });
  if (reply.json?.error === 'mfa_required') {
    remember({ mfaToken: reply.json.mfa_token });
    setQuery({ way: 'otp' });
  }
  if (good && step.id === 'token' && reply.json?.expires_in) remember({ tokenEnds: Date.now() + reply.json.expires_in * 1_000 });
  if (good !== Boolean(variant.refused) && reply.status !== 0) markDone(name, `${name}/${variant.id}`);
}

/** Tokens of the Arduino API last five minutes: reading takes longer. @param {Track} track */
async function renewed(track) {
  const { key, keySecret, arduinoToken, tokenEnds } = values.peek();
  if (!key || !keySecret || !arduinoToken || !tokenEnds || tokenEnds - Date.now() > EARLY * 1_000) return;
  const step = track.steps[0];
  const reply = await send(step.variants[0].request(values.peek()));
  taken(reply, step, step.variants[0], `${track.name}/${step.id}`);
}

/** A stream that is open until it is closed, the step is left, or the server ends it.
 * @param {Step} step @param {Variant} variant @param {string} name @param {string} full */
function useStream(step, variant, name, full) {
  const [open, setOpen] = useState(false);
  const control = useRef(/** @type {AbortController | null} */ (null));
  useEffect(() => () => control.current?.abort(), [full]);
  const toggle = async () => {
    if (open) {
      control.current?.abort();
      return;
    }
    const abort = new AbortController();
    control.current = abort;
    setOpen(true);
    await listen(variant.request(values.peek()), abort.signal, (reply) => {
      keepReply(full, reply);
      if (reply.text.includes('event: ')) markDone(name, full);
    });
    setOpen(false);
  };
  const poke = async () => {
    if (step.poke) await send(step.poke(values.peek()));
  };
  return { open, toggle, poke };
}

/** Steps of several calls lead from one to the next. @param {{step: Step, variant: Variant, words: import('../strings/tutorial-particle.js').StepText, name: string}} props */
function NextWay({ step, variant, words, name }) {
  const at = step.variants.indexOf(variant);
  const next = step.variants[at + 1];
  if (!next || !done.value.has(`${name}/${variant.id}`) || step.id === 'token') return null;
  return html`<button type="button" class="tutorial-next-way" onClick=${() => setQuery({ way: next.id })}>
    <${Icon} name="circle-check" size=${16} />
    <span>${words.ways?.[next.id] ?? next.id}</span>
    <${Icon} name="arrow-right" size=${16} />
  </button>`;
}
