/** The board: tiles at their places. Looking and editing draw the same; an editor gives more to each tile. */
import { html, signal } from '../html.js';
import { DESKTOP, GAP, PHONE, ROW, bottom } from './geometry.js';

/** @typedef {import('./geometry.js').Box} Box */

const narrow = matchMedia('(max-width: 640px)');
/** Whether this window is a phone's. */
export const onPhone = signal(narrow.matches);
narrow.addEventListener('change', () => {
  onPhone.value = narrow.matches;
});

/**
 * Where a box is, as styles: left and width are parts of the board, so nothing is measured.
 * @param {{x: number, y: number, w: number, h: number}} box @param {boolean} phone
 */
export function placed(box, phone) {
  const { columns } = phone ? PHONE : DESKTOP;
  return {
    left: `calc((100% + ${GAP}px) * ${box.x / columns})`,
    width: `calc((100% + ${GAP}px) * ${box.w / columns} - ${GAP}px)`,
    top: `${box.y * ROW}px`,
    height: `${box.h * ROW - GAP}px`,
  };
}

/**
 * The same for the editor, where boxes move: a translation is drawn without laying the page out again.
 * @param {{x: number, y: number, w: number, h: number}} box @param {boolean} phone @param {number} [dx] px in the hand @param {number} [dy]
 */
export function floating(box, phone, dx = 0, dy = 0) {
  const { columns } = phone ? PHONE : DESKTOP;
  const { width, height } = placed(box, phone);
  return { translate: `calc((100cqw + ${GAP}px) * ${box.x / columns} + ${dx}px) ${box.y * ROW + dy}px`, width, height };
}

/** @param {Iterable<Box>} boxes */
export const boardHeight = (boxes) => `${Math.max(1, bottom(boxes)) * ROW - GAP}px`;

/** Boxes as they are read: from the top, from the left. @param {Box[]} boxes */
export const inOrder = (boxes) => [...boxes].sort((a, b) => a.y - b.y || a.x - b.x);

/**
 * @param {{boxes: Box[], phone: boolean, tile: (id: string) => any}} props `tile` draws what stands in a box
 */
export function Board({ boxes, phone, tile }) {
  return html`<div class="db-board" style=${{ height: boardHeight(boxes) }}>
    ${inOrder(boxes).map(
      (box) => html`<div key=${box.id} class="db-slot" data-widget=${box.id} style=${placed(box, phone)}>${tile(box.id)}</div>`,
    )}
  </div>`;
}
