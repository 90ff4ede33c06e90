/**
 * What an editor does to its document, and to the server: one object for the board, the tools and the side sheet.
 *
 * @typedef {import('./document.js').Doc} Doc
 * @typedef {import('./document.js').Widget} Widget
 * @typedef {import('./geometry.js').Box} Box
 */
import { iot } from '../api/rest.js';
import { computed, signal } from '../html.js';
import * as docs from './document.js';
import * as edits from './edits.js';
import { DESKTOP, PHONE, moveBoxes, resizeBox, tidied } from './geometry.js';
import { newId } from './ids.js';
import { phoneLeast, phoneSizeOf, sizeOf, titleOf } from './kinds.js';
import t from '../strings/dashboard.js';

/** @param {Doc} doc @param {boolean} phone begin with the layout of a phone */
export function createWork(doc, phone) {
  const history = signal(edits.begin(doc));
  const selected = signal(/** @type {ReadonlySet<string>} */ (new Set()));
  const onPhone = signal(phone);
  const page = signal(docs.MAIN);
  const said = signal('');
  const saving = signal(false);
  /** When the server last changed what the editor began with. */
  let base = doc.updated;

  const now = computed(() => history.value.now);
  const changed = computed(() => edits.isChanged(history.value));
  const boxes = computed(() => {
    const all = docs.boxesOf(now.value, page.value, onPhone.value, sizeOf, phoneSizeOf);
    return onPhone.value ? all.map((box) => ({ ...box, ...phoneLeast() })) : all;
  });
  const chosen = computed(() => now.value.widgets.filter((each) => selected.value.has(each.id) && each.page === page.value));

  /** @param {Doc} next @param {string} [mark] */
  const apply = (next, mark) => {
    history.value = edits.change(history.value, next, mark, performance.now());
  };
  const field = () => (onPhone.value ? PHONE : DESKTOP);
  /** @param {Box[]} next @param {string} [mark] */
  const arrange = (next, mark) => {
    // The first change of a layout made for phones is what makes it one of its own.
    if (next !== boxes.peek()) apply(docs.withBoxes(now.peek(), next, onPhone.peek()), mark);
  };

  /** Says where a widget is now, to those who do not see it. @param {Box[]} next @param {'move'|'resize'} kind */
  const tell = (next, kind) => {
    const [widget] = chosen.peek();
    const box = next.find((each) => each.id === widget?.id);
    if (!widget || !box) return;
    const { step } = field();
    said.value =
      kind === 'move'
        ? t.edit.place(titleOf(widget), box.x / step + 1, box.y + 1)
        : t.edit.size(titleOf(widget), box.w / step, box.h);
  };

  return {
    history,
    now,
    changed,
    selected,
    chosen,
    onPhone,
    page,
    boxes,
    said,
    saving,
    field,
    apply,
    arrange,
    tell,
    undo: () => (history.value = edits.undo(history.value)),
    redo: () => (history.value = edits.redo(history.value)),
    tidy: () => arrange(tidied(boxes.peek())),
    /** @param {number} dx @param {number} dy in steps */
    nudge(dx, dy) {
      const next = moveBoxes(boxes.peek(), selected.peek(), dx * field().step, dy, field());
      arrange(next, 'nudge');
      tell(next, 'move');
    },
    /** @param {number} dw @param {number} dh in steps */
    grow(dw, dh) {
      let next = boxes.peek();
      for (const id of selected.peek()) {
        const box = next.find((each) => each.id === id);
        if (box) next = resizeBox(next, id, box.w + dw * field().step, box.h + dh, field());
      }
      arrange(next, 'grow');
      tell(next, 'resize');
    },
    /** @param {string} id @param {Partial<{x: number, y: number, w: number, h: number}>} place in units */
    put(id, place) {
      const box = boxes.peek().find((each) => each.id === id);
      if (!box) return;
      let next = boxes.peek();
      if (place.w !== undefined || place.h !== undefined) next = resizeBox(next, id, place.w ?? box.w, place.h ?? box.h, field());
      const dx = (place.x ?? box.x) - box.x;
      const dy = (place.y ?? box.y) - box.y;
      arrange(moveBoxes(next, new Set([id]), dx, dy, field()), 'put');
    },
    remove() {
      const ids = selected.peek();
      if (ids.size === 0) return;
      apply(docs.withoutWidgets(now.peek(), ids));
      said.value = t.edit.removed(ids.size);
      selected.value = new Set();
    },
    duplicate() {
      const { doc: next, ids } = docs.withCopies(now.peek(), selected.peek(), newId);
      apply(next);
      selected.value = new Set(ids);
    },
    /** @param {{type: string, name: string, options: Record<string, any>, variables: docs.Linked[]}} what */
    add(what) {
      const id = newId();
      apply(docs.withNew(now.peek(), what, page.peek(), sizeOf, id));
      selected.value = new Set([id]);
      return id;
    },
    /** @param {string} id @param {Partial<Widget>} patch @param {string} [mark] */
    patch: (id, patch, mark) => apply(docs.withWidget(now.peek(), id, patch), mark && `${mark}/${id}`),
    /** @param {string} id @param {Record<string, any>} patch undefined takes a key away */
    setOptions(id, patch) {
      const widget = now.peek().widgets.find((each) => each.id === id);
      if (!widget) return;
      const options = { ...widget.options, ...patch };
      for (const [key, value] of Object.entries(patch)) if (value === undefined) delete options[key];
      apply(docs.withWidget(now.peek(), id, { options }), `options/${id}/${Object.keys(patch).join()}`);
    },
    /** The phone goes back to what is made from the desktop. */
    remake: () =>
      apply({ ...now.peek(), widgets: now.peek().widgets.map((each) => (each.page === page.peek() ? { ...each, phone: null } : each)) }),
    /** Variables were renamed or deleted meanwhile: links are shown as they are now, and nothing counts as a change. @param {Doc} fresh */
    refresh(fresh) {
      if (fresh.updated !== base) return;
      const links = new Map(fresh.widgets.map((each) => [each.id, each]));
      /** @param {Doc} doc @returns {Doc} */
      const relinked = (doc) => ({
        ...doc,
        widgets: doc.widgets.map((each) => {
          const found = links.get(each.id);
          const same = found && found.variables.map((v) => v.id).join() === each.variables.map((v) => v.id).join();
          return found && same ? { ...each, variables: found.variables, unlinked: found.unlinked, mistyped: found.mistyped } : each;
        }),
      });
      const before = history.peek();
      const next = relinked(before.now);
      history.value = { ...before, now: next, saved: before.saved === before.now ? next : before.saved };
    },
    /**
     * Writes the document. Answers what the server has of it, or `{conflict}`: its newer version.
     * @param {boolean} [over] whatever the server has @returns {Promise<{wire?: any, conflict?: any}>}
     */
    async save(over = false) {
      const doc = now.peek();
      saving.value = true;
      try {
        const path = `/v3/dashboards/${doc.id}`;
        const headers = over ? undefined : { 'If-Match': `"${base}"` };
        const wire = await iot('PUT', path, { body: docs.toWire(doc), headers });
        base = wire.updated_at;
        history.value = edits.saved(history.value, doc);
        return { wire };
      } catch (error) {
        // 409: two saved in the same instant.
        if (![409, 412].includes(/** @type {any} */ (error).status)) throw error;
        return { conflict: await iot('GET', `/v3/dashboards/${doc.id}`) };
      } finally {
        saving.value = false;
      }
    },
  };
}

/** @typedef {ReturnType<typeof createWork>} Work */
