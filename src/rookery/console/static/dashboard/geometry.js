/**
 * Where widgets stand. All numbers are the units of the wire: 24 columns on a desktop and 8 on a phone, rows alike on
 * both. People see 12 columns and 2, so what they drag snaps to 2 units and to 4; what somebody else wrote at an odd
 * place is drawn there and stays there until it is moved.
 *
 * Nothing here touches a page: boxes in, boxes out, the given ones unchanged.
 *
 * @typedef {{id: string, x: number, y: number, w: number, h: number, minW?: number, minH?: number}} Box
 * @typedef {{columns: number, step: number}} Field the columns of a layout and how many of them one step of a hand is
 */

/** @type {Field} */
export const DESKTOP = { columns: 24, step: 2 };
/** @type {Field} */
export const PHONE = { columns: 8, step: 4 };

export const ROW = 56;
export const GAP = 12;

/** The most rows a layout may have: a board a hundred screens high is a mistake of a hand, not a wish. */
const ROWS = 1_000;

/** @param {Box} a @param {Box} b */
export const collide = (a, b) =>
  a.id !== b.id && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** The row below the last box. @param {Iterable<Box>} boxes */
export function bottom(boxes) {
  let last = 0;
  for (const box of boxes) last = Math.max(last, box.y + box.h);
  return last;
}

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

/**
 * Within the field, on its steps, not smaller than it may be.
 * @param {Box} box @param {Field} field @returns {Box}
 */
export function snapped(box, { columns, step }) {
  const least = Math.min(columns, Math.max(step, box.minW ?? step));
  const w = clamp(Math.round(box.w / step) * step, least, columns);
  return {
    ...box,
    w,
    h: clamp(Math.round(box.h), Math.max(1, box.minH ?? 1), ROWS),
    x: clamp(Math.round(box.x / step) * step, 0, columns - w),
    y: clamp(Math.round(box.y), 0, ROWS),
  };
}

/** @param {Box} a @param {Box} b */
const byPlace = (a, b) => a.y - b.y || a.x - b.x;

/**
 * Make room for the boxes that were moved. Others step aside only if they are in the way: up into room that became free
 * when that is nearer, otherwise down, and those below them in turn. Begin each step of a drag from the layout it
 * started with, and everything goes back when the hand goes on.
 * @param {Box[]} boxes @param {ReadonlySet<string>} moved @returns {Box[]}
 */
export function makeRoom(boxes, moved) {
  const standing = boxes.filter((box) => moved.has(box.id));
  const rest = boxes.filter((box) => !moved.has(box.id)).sort(byPlace);
  const waiting = new Set(rest.map((box) => box.id));
  /** @type {Map<string, Box>} */
  const placed = new Map();
  // Each round moves at least one box for good, so this ends.
  for (let changed = true; changed; ) {
    changed = false;
    for (const box of rest) {
      if (!waiting.has(box.id) || !standing.some((other) => collide(box, other))) continue;
      waiting.delete(box.id);
      const others = rest.filter((other) => waiting.has(other.id));
      const aside = stepAside(box, standing, others);
      placed.set(box.id, aside);
      standing.push(aside);
      changed = true;
    }
  }
  return boxes.map((box) => placed.get(box.id) ?? box);
}

/** @param {Box} box @param {Box[]} standing @param {Box[]} others @returns {Box} */
function stepAside(box, standing, others) {
  let down = box;
  while (standing.some((other) => collide(down, other))) {
    const under = standing.filter((other) => collide(down, other));
    down = { ...down, y: Math.max(...under.map((other) => other.y + other.h)) };
  }
  for (let y = box.y - 1; y >= 0 && box.y - y <= down.y - box.y; y--) {
    const up = { ...box, y };
    if (!standing.some((other) => collide(up, other)) && !others.some((other) => collide(up, other))) return up;
  }
  return down;
}

/**
 * The first free place of this size, row by row.
 * @param {Box[]} boxes @param {{id: string, w: number, h: number, minW?: number, minH?: number}} size @param {Field} field
 * @param {number} [fromRow] @returns {Box}
 */
export function freePlace(boxes, size, { columns, step }, fromRow = 0) {
  const w = Math.min(size.w, columns);
  for (let y = fromRow; ; y++) {
    for (let x = 0; x + w <= columns; x += step) {
      const box = { ...size, x, y, w };
      if (!boxes.some((other) => collide(box, other))) return box;
    }
  }
}

/**
 * Without the empty rows: every box goes up as far as it can, the order kept.
 * @param {Box[]} boxes @returns {Box[]}
 */
export function tidied(boxes) {
  /** @type {Map<string, Box>} */
  const placed = new Map();
  for (const box of [...boxes].sort(byPlace)) {
    const others = [...placed.values()];
    let y = 0;
    for (let up = box.y; up >= 0 && !others.some((other) => collide({ ...box, y: up }, other)); up--) y = up;
    if (others.some((other) => collide({ ...box, y }, other))) y = bottom(others);
    placed.set(box.id, { ...box, y });
  }
  return boxes.map((box) => /** @type {Box} */ (placed.get(box.id)));
}

/**
 * A phone's layout made from the one of the desktop: in the order of reading, narrow boxes side by side, wide ones across.
 * A narrow one may step back into a half that is free beside an earlier one; one that stays alone gets the whole width.
 * @param {Box[]} boxes those of the desktop
 * @param {(id: string) => {w: 1|2, h: number} | undefined} wanted what its kind likes on a phone, in halves of the screen
 * @returns {Box[]}
 */
export function phoneFrom(boxes, wanted) {
  /** @type {Box[]} */
  const placed = [];
  for (const box of [...boxes].sort(byPlace)) {
    const wish = wanted(box.id);
    const size = {
      id: box.id,
      w: (wish?.w ?? (box.w > DESKTOP.columns / 3 ? 2 : 1)) * PHONE.step,
      h: wish?.h ?? Math.max(2, Math.min(box.h, 8)),
    };
    placed.push(freePlace(placed, size, PHONE));
  }
  const wide = placed.map((box) => {
    const whole = { ...box, x: 0, w: PHONE.columns };
    return placed.some((other) => collide(whole, other)) ? box : whole;
  });
  return boxes.map((box) => /** @type {Box} */ (wide.find((other) => other.id === box.id)));
}

/**
 * The group moved as one by whole steps, kept within the field.
 * @param {Box[]} boxes @param {ReadonlySet<string>} ids @param {number} dx @param {number} dy in units @param {Field} field
 */
export function moveBoxes(boxes, ids, dx, dy, field) {
  const group = boxes.filter((box) => ids.has(box.id));
  if (group.length === 0) return boxes;
  const left = Math.min(...group.map((box) => box.x));
  const right = Math.max(...group.map((box) => box.x + box.w));
  const top = Math.min(...group.map((box) => box.y));
  // The leading box lands on a step; the others keep their distance to it.
  const x = clamp(Math.round((left + dx) / field.step) * field.step, 0, field.columns - (right - left));
  const y = clamp(Math.round(top + dy), 0, ROWS);
  if (x === left && y === top) return boxes;
  return makeRoom(
    boxes.map((box) => (ids.has(box.id) ? { ...box, x: box.x + x - left, y: box.y + y - top } : box)),
    ids,
  );
}

/**
 * One box with another size, its left upper corner staying.
 * @param {Box[]} boxes @param {string} id @param {number} w @param {number} h @param {Field} field
 */
export function resizeBox(boxes, id, w, h, field) {
  const before = boxes.find((box) => box.id === id);
  if (!before) return boxes;
  const wide = Math.min(w, field.columns - before.x);
  const { w: newW, h: newH } = snapped({ ...before, w: wide, h }, field);
  const now = { ...before, w: Math.min(newW, Math.max(field.columns - before.x, before.minW ?? 1)), h: newH };
  if (now.w === before.w && now.h === before.h) return boxes;
  if (now.x + now.w > field.columns) now.x = field.columns - now.w;
  return makeRoom(
    boxes.map((box) => (box.id === id ? now : box)),
    new Set([id]),
  );
}
