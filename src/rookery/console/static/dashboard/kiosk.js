/** Kiosk: the dashboard alone on a wall, on a screen that stays awake. */
import { html, useEffect, useState } from '../html.js';
import { IconButton } from '../ui/button.js';
import { setQuery } from '../router.js';
import { toast } from '../ui/toast.js';
import t from '../strings/dashboard.js';

/** Milliseconds after which the pointer and the way out disappear. */
const QUIET = 3_000;

/** @param {boolean} on */
export function useKiosk(on) {
  useEffect(() => {
    if (!on) return undefined;
    document.documentElement.dataset['kiosk'] = '';
    /** @type {WakeLockSentinel|null} */
    let lock = null;
    let left = false;
    let said = false;
    // A lock ends whenever the page is hidden, so it is asked for again each time the page is seen.
    const keepAwake = async () => {
      if (document.hidden || left) return;
      try {
        lock = (await navigator.wakeLock?.request('screen')) ?? null;
        if (left) void lock?.release();
        if (!navigator.wakeLock && !said) toast(t.kiosk.asleep);
        said = true;
      } catch {
        // The system may refuse, on low battery for one. Nothing else stops working.
      }
    };
    const escape = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('dialog[open]')) leave();
    };
    void keepAwake();
    document.addEventListener('visibilitychange', keepAwake);
    document.addEventListener('keydown', escape);
    return () => {
      left = true;
      delete document.documentElement.dataset['kiosk'];
      void lock?.release();
      document.removeEventListener('visibilitychange', keepAwake);
      document.removeEventListener('keydown', escape);
      if (document.fullscreenElement) void document.exitFullscreen();
    };
  }, [on]);
}

/** Goes to the whole screen where the browser lets a page. */
export function enter() {
  setQuery({ kiosk: 1 }, { replace: false });
  document.documentElement.requestFullscreen?.().catch(() => undefined);
}

function leave() {
  setQuery({ kiosk: null });
}

/** The way out: shows while the pointer moves. */
export function KioskExit() {
  const [shown, setShown] = useState(true);
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout>} */
    let timer;
    const moved = () => {
      setShown(true);
      delete document.documentElement.dataset['still'];
      clearTimeout(timer);
      timer = setTimeout(() => {
        setShown(false);
        document.documentElement.dataset['still'] = '';
      }, QUIET);
    };
    moved();
    addEventListener('pointermove', moved);
    addEventListener('keydown', moved);
    return () => {
      clearTimeout(timer);
      delete document.documentElement.dataset['still'];
      removeEventListener('pointermove', moved);
      removeEventListener('keydown', moved);
    };
  }, []);
  return html`<div class=${`db-exit${shown ? '' : ' db-exit-away'}`}>
    <${IconButton} icon="x" label=${t.kiosk.leave} onClick=${leave} />
  </div>`;
}
