/** The tutorial: two tracks of steps, each a real request to this server. */
import { html, useEffect, useMemo, useRef } from '../html.js';
import { navigate } from '../router.js';
import { style } from '../style.js';
import { Icon, Page, Tabs } from '../ui/index.js';
import t from '../strings/tutorial.js';
import { Boards } from '../tutorial/boards.js';
import { useLookups } from '../tutorial/lookups.js';
import { begin, done } from '../tutorial/memory.js';
import { StepView } from '../tutorial/step.js';
import { TRACKS } from '../tutorial/tracks.js';

await style('tutorial');

export const title = t.title;

/** @typedef {import('../tutorial/tracks.js').Track} Track */

/** @param {{params: Record<string, string>, query: Record<string, string>}} props */
export default function Tutorial({ params, query }) {
  useMemo(begin, []);
  const track = params.track === 'arduino' ? TRACKS.arduino : TRACKS.particle;
  const step = track.steps.find((each) => each.id === params.step) ?? track.steps[0];
  const known = params.step === step.id && params.track === track.name;
  useEffect(() => {
    if (!known) navigate(`/tutorial/${track.name}/${step.id}`, { replace: true });
  }, [known, track.name, step.id]);
  useLookups(track.name);

  const at = track.steps.indexOf(step);
  return html`<${Page} title=${t.title} line=${t.line} name=${`${track.words[step.id].title} · ${t.title}`}>
    <${Tabs}
      label=${t.tracks}
      current=${track.name}
      tabs=${Object.values(TRACKS).map((each) => ({
        id: each.name,
        label: t[each.name],
        href: `/console/tutorial/${each.name}/${each.steps[0].id}`,
      }))}
    />
    <div class="tutorial">
      <${Steps} track=${track} current=${step.id} />
      <div class="tutorial-main">
        <${Boards} track=${track.name} />
        <p class="tutorial-at muted num">${t.step(at + 1, track.steps.length)}</p>
        <${StepView} key=${`${track.name}/${step.id}`} track=${track} step=${step} way=${query.way ?? ''} />
        <${Onward} track=${track} at=${at} />
        <p class="tutorial-memory muted">${t.memory}</p>
      </div>
    </div>
  <//>`;
}

/** @param {{track: Track, current: string}} props */
function Steps({ track, current }) {
  const groups = [...new Set(track.steps.map((step) => step.group))];
  const finished = track.steps.filter((step) => done.value.has(`${track.name}/${step.id}`)).length;
  const list = html`<p class="tutorial-progress muted num">${t.progress(finished, track.steps.length)}</p>
    ${groups.map(
      (group) => html`<section key=${group}>
        <h2>${t.groups[group]}</h2>
        <ol>
          ${track.steps.filter((step) => step.group === group).map((step) => html`<${StepLink} key=${step.id} track=${track} id=${step.id} current=${current} />`)}
        </ol>
      </section>`,
    )}`;
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    const here = frame.current?.querySelector('[aria-current]');
    if (frame.current && here instanceof HTMLElement) {
      const { offsetTop, clientHeight } = here;
      const top = offsetTop - frame.current.offsetTop;
      if (top < frame.current.scrollTop || top + clientHeight > frame.current.scrollTop + frame.current.clientHeight) {
        frame.current.scrollTop = top - frame.current.clientHeight / 2;
      }
    }
  }, [current]);
  return html`<nav class="tutorial-steps" aria-label=${t.steps} ref=${frame}>${list}</nav>
    <details class="tutorial-steps-small" key=${current}>
      <summary>${t.step(track.steps.findIndex((step) => step.id === current) + 1, track.steps.length)}</summary>
      <nav aria-label=${t.steps}>${list}</nav>
    </details>`;
}

/** @param {{track: Track, id: string, current: string}} props */
function StepLink({ track, id, current }) {
  const finished = done.value.has(`${track.name}/${id}`);
  return html`<li>
    <a href=${`/console/tutorial/${track.name}/${id}`} aria-current=${id === current ? 'step' : undefined}>
      <${Icon} name=${finished ? 'circle-check' : 'circle'} size=${16} />
      <span>${track.words[id].title}</span>
      ${finished ? html`<span class="hidden">(${t.done})</span>` : null}
    </a>
  </li>`;
}

/** @param {{track: Track, at: number}} props */
function Onward({ track, at }) {
  const before = track.steps[at - 1];
  const after = track.steps[at + 1];
  return html`<nav class="tutorial-onward" aria-label=${t.next}>
    ${before
      ? html`<a href=${`/console/tutorial/${track.name}/${before.id}`}>
          <${Icon} name="arrow-left" size=${16} /><span><small>${t.previous}</small>${track.words[before.id].title}</span>
        </a>`
      : html`<span></span>`}
    ${after
      ? html`<a href=${`/console/tutorial/${track.name}/${after.id}`}>
          <span><small>${t.next}</small>${track.words[after.id].title}</span><${Icon} name="arrow-right" size=${16} />
        </a>`
      : html`<span></span>`}
  </nav>`;
}
