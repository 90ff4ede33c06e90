/**
 * One clock for everything that moves: charts that have something new are drawn together, a few times a second, in one
 * frame of the browser, and only where somebody can see them.
 */

/** @typedef {{every: number, draw: (now: number) => void, due: number, dirty: boolean, seen: boolean}} Entry */

/** @type {Set<Entry>} */
const entries = new Set();
/** ms. All charts share the ticks, so that many cost one frame and not many. */
const TICK = 200;

/** @type {ReturnType<typeof setTimeout>|undefined} */
let timer;

function tick() {
  timer = undefined;
  if (document.hidden) return;
  requestAnimationFrame((now) => {
    for (const entry of entries) {
      if (!entry.dirty || !entry.seen || now + 8 < entry.due) continue;
      entry.dirty = false;
      entry.due = now + entry.every;
      entry.draw(now);
    }
    wake();
  });
}

function wake() {
  if (timer !== undefined || document.hidden) return;
  for (const entry of entries) {
    if (entry.dirty && entry.seen) {
      const now = performance.now();
      timer = setTimeout(tick, TICK - (now % TICK));
      return;
    }
  }
}

let listening = false;

/**
 * Have something drawn when it is dirty, at most every `every` ms, while `element` is on the screen.
 * @param {Element} element
 * @param {(now: number) => void} draw
 * @param {number} [every]
 */
export function drawn(element, draw, every = TICK) {
  /** @type {Entry} */
  const entry = { every, draw, due: 0, dirty: false, seen: true };
  entries.add(entry);
  if (!listening) {
    listening = true;
    document.addEventListener('visibilitychange', wake);
  }
  const watch = new IntersectionObserver((found) => {
    entry.seen = found[found.length - 1].isIntersecting;
    if (entry.seen) wake();
  });
  watch.observe(element);
  return {
    /** Something changed. */
    touch() {
      entry.dirty = true;
      if (entry.seen) wake();
    },
    /** @param {number} ms */
    pace(ms) {
      entry.every = ms;
    },
    stop() {
      watch.disconnect();
      entries.delete(entry);
    },
  };
}
