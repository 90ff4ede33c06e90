import { html, useEffect, useRef, useState } from '../html.js';
import words from '../strings/widgets.js';
import { IconButton } from '../ui/index.js';
import { momentText } from '../ui/chart-draw.js';
import { CLEAR, KEPT, said } from './lib/chat.js';
import { reads } from './lib/fits.js';

const t = words.messenger;
const LONGEST = 2_000;

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables: [bound], options }) {
  const [messages, setMessages] = useState(/** @type {import('./lib/chat.js').Message[]} */ ([]));
  const [typed, setTyped] = useState('');
  const list = useRef(/** @type {HTMLDivElement|null} */ (null));
  const low = useRef(true);
  useEffect(() => {
    let gone = false;
    /** @type {[number, any, boolean][]|null} */
    let early = [];
    const off = bound.onPoint((ms, value, fromBoard) => {
      if (early) early.push([ms, value, fromBoard === false]);
      else setMessages((now) => said(now, ms, value, fromBoard === false));
    });
    const stored = bound.recent ? bound.recent(KEPT) : Promise.resolve([]);
    stored
      .catch(() => [])
      .then((found) => {
        if (gone) return;
        let all = /** @type {import('./lib/chat.js').Message[]} */ ([]);
        for (const [ms, value, fromBoard] of found) all = said(all, ms, value, fromBoard === false);
        const newest = found.length ? found[found.length - 1][0] : 0;
        const last = bound.value.peek();
        if (!found.length && last !== null && last !== undefined) all = said(all, bound.at.peek() ?? 0, last, false);
        for (const [ms, value, mine] of early ?? []) if (ms > newest) all = said(all, ms, value, mine);
        early = null;
        setMessages(all);
      });
    return () => {
      gone = true;
      off();
    };
  }, [bound.id]);
  useEffect(() => {
    if (low.current && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [messages]);
  const send = () => {
    if (!typed) return;
    low.current = true;
    bound.write(typed);
    setTyped('');
  };
  const waiting = bound.pending.value;
  const shown =
    waiting &&
    typeof waiting.value === 'string' &&
    waiting.value !== CLEAR &&
    !messages.some((one) => one.at >= waiting.since && one.text === waiting.value);
  const name = widget.name || bound.name;
  const all = shown ? [...messages, { at: waiting.since, text: waiting.value, mine: true, waiting: true }] : messages;
  return html`<div class="w-chat">
    <div
      class="w-chat-log"
      ref=${list}
      tabindex="0"
      role="log"
      aria-label=${`${name}: ${t.log}`}
      onScroll=${(/** @type {any} */ event) => {
        const box = event.currentTarget;
        low.current = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
      }}
    >
      ${all.length === 0 && html`<p class="w-none">${t.empty}</p>`}
      ${all.map(
        (one, at) =>
          html`<div
            key=${`${one.at}-${at}`}
            class=${`w-chat-line ${one.mine ? 'is-mine' : ''} ${'waiting' in one ? 'is-waiting' : ''}`}
            title=${momentText(one.at)}
          >
            ${options.showLabels && (at === 0 || all[at - 1].mine !== one.mine) && html`<span class="w-chat-who">${one.mine ? t.you : t.board}</span>`}
            <span class="w-chat-text">${one.text}</span>
          </div>`,
      )}
    </div>
    ${
      bound.writable &&
      html`<form
        class="w-chat-form"
        onSubmit=${(/** @type {Event} */ event) => {
          event.preventDefault();
          send();
        }}
      >
        <input
          class="input"
          aria-label=${`${name}: ${t.input}`}
          placeholder=${t.placeholder}
          maxlength=${LONGEST}
          value=${typed}
          onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)}
        />
        <${IconButton} icon="send" label=${t.send} small disabled=${!typed} onClick=${send} />
        <${IconButton}
          icon="eraser"
          label=${t.clear}
          small
          disabled=${all.length === 0}
          onClick=${() => {
            setMessages([]);
            bound.write(CLEAR);
          }}
        />
      </form>`
    }
  </div>`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Messenger',
  label: words.kinds.messenger,
  icon: 'message-square',
  fits: reads('string'),
  rank: (variables) => (variables[0]?.permission === 'READ_ONLY' ? 4 : 8),
  count: [1, 1],
  size: { w: 4, h: 5, minW: 2, minH: 2 },
  phone: { w: 2, h: 5 },
  defaults: () => ({ showLabels: true }),
  View,
};
