import { html, useEffect, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { useThing } from '../../api/live.js';
import { session } from '../../api/session.js';
import { Button, Dialog, ErrorBox, Icon, Value, toast } from '../../ui/index.js';
import t from '../../strings/welcome.js';

const w = t.boards;
const LOOK_EVERY = 800;
const SLOW = 30_000;

/** @param {import('../welcome.js').StepProps} props */
export function BoardsStep({ back }) {
  const simulated = session.value.server.features.simulated;
  const load = useLoad((api) => (simulated ? api.own('GET', 'simulated') : Promise.resolve({ running: false })), []);
  const [started, setStarted] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const running = started || load.data?.running;
  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      await own('POST', 'simulated', { body: {} });
      setStarted(true);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return html`<div class="stack">
    ${running
      ? html`<${FirstValue}
          simulated=${simulated}
          onGone=${() => {
            setStarted(false);
            void load.reload();
          }}
        />`
      : html`<div class="welcome-choices">
          <article class="welcome-choice">
            <${Icon} name="plug" size=${20} />
            <h2>${w.connectTitle}</h2>
            <p>${w.connect}</p>
            <${Button} kind="primary" href="/console/connect" label=${w.connectAction} />
          </article>
          ${simulated
            ? html`<article class="welcome-choice">
                <${Icon} name="sparkles" size=${20} />
                <h2>${w.simulateTitle}</h2>
                <p>${w.simulate}</p>
                <${Button} label=${w.simulateAction} busy=${busy} onClick=${start} />
              </article>`
            : null}
        </div>`}
    <${ErrorBox} error=${error} />
    ${running
      ? null
      : html`<div class="welcome-foot">
          ${back ? html`<${Button} label=${t.back} icon="arrow-left" onClick=${back} />` : html`<span></span>`}
          <${Button} kind="quiet" href="/console/" label=${w.home} />
        </div>`}
  </div>`;
}

/** From "started" to the first value, each step as it happens.
 * @param {{simulated: boolean, onGone: () => void}} props */
function FirstValue({ simulated, onGone }) {
  const [trouble, setTrouble] = useState('');
  const [board, setBoard] = useState(/** @type {any} */ (null));
  const [slow, setSlow] = useState(false);
  const [value, setValue] = useState(/** @type {any} */ (undefined));
  useEffect(() => {
    if (board) return undefined;
    let gone = false;
    const look = async () => {
      try {
        const { devices } = await own('GET', 'devices', { query: { online: true, per_page: 50 } });
        const found = devices.find((/** @type {any} */ each) => each.online && each.thing);
        if (found && !gone) setBoard(found);
        if (!found && simulated) {
          const told = (await own('GET', 'simulated')).trouble;
          if (!gone) setTrouble(told ?? '');
        }
      } catch {
        // The next look may do better; slowness is told below.
      }
    };
    void look();
    const timer = setInterval(look, LOOK_EVERY);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [board]);
  useEffect(() => {
    if (value !== undefined) return undefined;
    const timer = setTimeout(() => setSlow(true), SLOW);
    return () => clearTimeout(timer);
  }, [value]);
  return html`<div class="welcome-progress" aria-live="polite">
    <h2 class="hidden">${w.progress}</h2>
    <ol class="welcome-checks">
      <${Check} done=${true} label=${w.started} />
      <${Check} done=${!!board} label=${w.online} note=${board?.name} />
      ${board && value === undefined ? html`<${Watch} thing=${board.thing.id} onValue=${setValue} />` : null}
      <${Check} done=${value !== undefined} label=${w.value} note=${value === undefined ? null : w.from(board.name)} />
    </ol>
    <${ErrorBox} error=${trouble} />
    ${value === undefined
      ? slow && !trouble
        ? html`<p class="muted">${w.slow}</p>`
        : null
      : html`
          <div class="welcome-value"><${Value} value=${value} /></div>
          <p>${w.done}</p>
          <div class="button-row">
            <${Button} kind="primary" href="/console/" icon="house" label=${w.home} />
            <${Button} href=${`/console/devices/${board.id}`} label=${w.look} />
            ${simulated ? html`<${Removal} onGone=${onGone} />` : null}
          </div>
        `}
  </div>`;
}

/** Takes the simulated boards away again. @param {{onGone: () => void}} props */
function Removal({ onGone }) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const remove = async () => {
    setBusy(true);
    setError(null);
    try {
      await own('DELETE', 'simulated', { query: { remove: true } });
      toast(w.removed);
      onGone();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return html`
    <${Button} kind="quiet" icon="trash-2" label=${w.remove} onClick=${() => setOpen(true)} />
    <${Dialog}
      open=${open}
      danger=${true}
      title=${w.removeTitle}
      confirmLabel=${w.remove}
      busy=${busy}
      error=${error}
      onConfirm=${() => void remove()}
      onClose=${() => setOpen(false)}
    >
      <p>${w.removeText}</p>
    <//>
  `;
}

/** Tells the first value that a board sends. @param {{thing: string, onValue: (value: any) => void}} props */
function Watch({ thing, onValue }) {
  const live = useThing(thing);
  const ready = live.ready.value;
  const known = [...live.values.values()].map((each) => each.value).filter((each) => each.at > 0);
  // A number says most at first sight.
  const first = known.find((each) => typeof each.value === 'number') ?? known[0];
  useEffect(() => {
    if (first) onValue(first.value);
  }, [first, ready]);
  return null;
}

/** @param {{done: boolean, label: string, note?: string | null}} props */
function Check({ done, label, note }) {
  return html`<li class=${done ? 'welcome-check welcome-check-done' : 'welcome-check'}>
    <${Icon} name=${done ? 'circle-check' : 'circle-dashed'} size=${20} />
    <span>${label}</span>
    <span class="muted truncate">${note ?? (done ? '' : w.waiting)}</span>
  </li>`;
}
