/**
 * What hands do to the board of the editor: choose, move, resize, catch several with a frame. A mouse takes a widget
 * anywhere; a finger at its title, so that the page can still be scrolled.
 *
 * @typedef {import('./geometry.js').Box} Box
 * @typedef {object} Gesture
 * @property {'move'|'resize'|'frame'} kind
 * @property {ReadonlySet<string>} ids those in the hand
 * @property {Box[]} boxes where all would stand
 * @property {number} dx px that the hand has moved, the scrolling of the page included
 * @property {number} dy
 * @property {{left: number, top: number, width: number, height: number}} [frame] px on the board
 */
import { useEffect, useMemo, useRef } from '../html.js';
import { signal } from '../html.js';
import { GAP, ROW, moveBoxes, resizeBox } from './geometry.js';

/** Pixels before a press becomes a drag. */
const SLOP = 4;
/** A press shows what is chosen by its frame; the ring of the focus is for keys. */
const QUIETLY = /** @type {FocusOptions} */ ({ preventScroll: true, focusVisible: false });
/** Near the edge of the window the page scrolls along. */
const EDGE = 64;
const SCROLL = 12;

/**
 * @param {object} hands
 * @param {() => Box[]} hands.boxes
 * @param {() => import('./geometry.js').Field} hands.field
 * @param {import('../html.js').Signal<ReadonlySet<string>>} hands.selected
 * @param {(boxes: Box[], ids: ReadonlySet<string>, kind: 'move'|'resize') => void} hands.onCommit
 */
export function useGestures(hands) {
  const gesture = useMemo(() => signal(/** @type {Gesture|null} */ (null)), []);
  const board = useRef(/** @type {HTMLElement|null} */ (null));
  const latest = useRef(hands);
  latest.current = hands;
  const stop = useRef(() => undefined);
  useEffect(() => () => stop.current(), []);

  /** @param {PointerEvent} event */
  function onPointerDown(event) {
    const target = /** @type {Element} */ (event.target);
    if (event.button !== 0 || target.closest('button, a, input, select')) return;
    const slot = target.closest('[data-widget]');
    const id = slot?.getAttribute('data-widget') ?? '';
    const side = target.closest('[data-resize]')?.getAttribute('data-resize');
    const { selected } = latest.current;
    const several = event.shiftKey || event.ctrlKey || event.metaKey;
    const finger = event.pointerType === 'touch';
    if (id && !side) {
      if (several) selected.value = toggled(selected.peek(), id);
      else if (!selected.peek().has(id)) selected.value = new Set([id]);
    }
    if (side) selected.value = new Set([id]);
    if (!id && finger) {
      selected.value = new Set();
      return;
    }
    if (finger && !side && !target.closest('[data-grip]')) return;
    if (!finger) event.preventDefault();
    /** @type {HTMLElement|null|undefined} */ (slot?.querySelector('[role=option]'))?.focus(QUIETLY);
    begin(event, id, side ?? '', several);
  }

  /** @param {PointerEvent} event @param {string} id @param {string} side @param {boolean} several */
  function begin(event, id, side, several) {
    const element = /** @type {HTMLElement} */ (board.current);
    const { boxes: boxesNow, field: fieldNow, selected, onCommit } = latest.current;
    const field = fieldNow();
    const start = boxesNow();
    const before = selected.peek();
    const ids = id ? (side ? new Set([id]) : before.has(id) ? new Set(before) : new Set([id])) : new Set();
    const from = { x: event.clientX, y: event.clientY, scroll: scrollY };
    const rect = element.getBoundingClientRect();
    const unit = (rect.width + GAP) / field.columns;
    let [x, y, moved, ticking] = [event.clientX, event.clientY, false, 0];

    const draw = () => {
      const dx = x - from.x;
      const dy = y - from.y + (scrollY - from.scroll);
      if (!moved && Math.hypot(dx, dy) < SLOP) return;
      moved = true;
      if (!id) {
        const left = Math.min(from.x, x) - rect.left;
        const top = Math.min(from.y - rect.top, from.y - rect.top + dy);
        const frame = { left, top, width: Math.abs(dx), height: Math.abs(dy) };
        gesture.value = { kind: 'frame', ids: new Set(), boxes: start, dx, dy, frame };
        const caught = start.filter((box) => {
          const across = box.x * unit < left + frame.width && (box.x + box.w) * unit - GAP > left;
          return across && box.y * ROW < top + frame.height && (box.y + box.h) * ROW - GAP > top;
        });
        selected.value = new Set([...(several ? before : []), ...caught.map((box) => box.id)]);
        return;
      }
      const box = start.find((each) => each.id === id);
      if (!box) return;
      const boxes = side
        ? resizeBox(start, id, box.w + (side.includes('e') ? dx / unit : 0), box.h + (side.includes('s') ? dy / ROW : 0), field)
        : moveBoxes(start, ids, dx / unit, dy / ROW, field);
      gesture.value = { kind: side ? 'resize' : 'move', ids, boxes, dx, dy };
    };
    const scroll = () => {
      const near = y > innerHeight - EDGE ? y - innerHeight + EDGE : y < EDGE ? y - EDGE : 0;
      if (moved && near) {
        scrollBy(0, Math.max(-SCROLL, Math.min(SCROLL, near / 3)));
        draw();
      }
      ticking = requestAnimationFrame(scroll);
    };
    const move = (/** @type {PointerEvent} */ next) => {
      x = next.clientX;
      y = next.clientY;
      draw();
    };
    const end = (/** @type {boolean} */ keep) => {
      cancelAnimationFrame(ticking);
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', up);
      removeEventListener('pointercancel', cancel);
      removeEventListener('keydown', escape, true);
      const done = gesture.peek();
      gesture.value = null;
      stop.current = () => undefined;
      if (keep && done && done.kind !== 'frame' && done.boxes !== start) onCommit(done.boxes, done.ids, done.kind);
      else if (keep && !moved && !id) selected.value = new Set();
      else if (keep && !moved && id && !side && !several) selected.value = new Set([id]);
    };
    const up = () => end(true);
    const cancel = () => end(false);
    const escape = (/** @type {KeyboardEvent} */ next) => {
      if (next.key !== 'Escape') return;
      next.stopPropagation();
      end(false);
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', up);
    addEventListener('pointercancel', cancel);
    addEventListener('keydown', escape, true);
    stop.current = () => (end(false), undefined);
    ticking = requestAnimationFrame(scroll);
  }

  return { gesture, board, onPointerDown };
}

/** @param {ReadonlySet<string>} ids @param {string} id */
function toggled(ids, id) {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}
