import { html, useEffect, useLayoutEffect, useRef, useState } from '../html.js';
import { live, useLive } from '../api/live.js';
import { session } from '../api/session.js';
import { ago, now } from './time.js';
import { Icon } from './icon.js';
import { toast } from './toast.js';
import { t } from '../strings/app.js';

/** A connection that comes back at once is not worth a word. */
const PATIENCE = 1_500;

/** The slim bar while the live connection is lost: how old the page is, and when the next try is. Else what the server
 * warns everybody of. */
export function Connection() {
  const lost = live.state.value === 'lost';
  const [shown, setShown] = useState(false);
  const was = useRef(false);
  useEffect(() => {
    if (!lost) {
      if (was.current && live.state.peek() === 'open') toast(t.connection.back);
      was.current = false;
      setShown(false);
      document.documentElement.classList.remove('is-offline');
      return undefined;
    }
    const timer = setTimeout(() => {
      was.current = true;
      setShown(true);
      document.documentElement.classList.add('is-offline');
    }, PATIENCE);
    return () => clearTimeout(timer);
  }, [lost]);
  const [alarm, setAlarm] = useState(/** @type {string | null} */ (null));
  useLive(session.value.signed_in ? 'pulse' : null, (message) => setAlarm(message.alarm ?? null));
  const bar = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    if (!bar.current) return undefined;
    // Everything else begins below it, however many lines it has.
    const { style } = document.documentElement;
    const sized = new ResizeObserver(() => style.setProperty('--bar', `${bar.current?.offsetHeight ?? 0}px`));
    sized.observe(bar.current);
    return () => {
      sized.disconnect();
      style.removeProperty('--bar');
    };
  }, [shown, !!alarm]);
  if (!shown) {
    return alarm
      ? html`<div class="connection connection-alarm" role="alert" ref=${bar}><${Icon} name="triangle-alert" /><span>${alarm}</span></div>`
      : null;
  }
  const since = live.lostAt.value;
  return html`<div class="connection" role="status" ref=${bar}>
    <${Icon} name="cloud-off" />
    <span>
      ${navigator.onLine ? t.connection.lost : t.connection.offline}${' '}
      ${since ? t.connection.shown(ago(since, Math.max(now.value, since))) : ''}
    </span>
    <${Wait} />
    <button type="button" class="connection-now" onClick=${live.tryNow}>${t.connection.now}</button>
  </div>`;
}

/** Seconds until the next try; not read out, because it changes every second. */
function Wait() {
  const next = live.nextTry.value;
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = next ? Math.ceil((next - Date.now()) / 1000) : 0;
  return html`<span class="num connection-wait" aria-hidden="true">${seconds > 0 ? t.connection.next(seconds) : t.connection.trying}</span>`;
}
