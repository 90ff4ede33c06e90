/**
 * A dashboard as the editor holds it, from the answers of `/iot/v3/dashboards` and back. Never changed in place: each
 * change is a new document, which is all that undo needs.
 *
 * @typedef {import('./geometry.js').Box} Box
 * @typedef {{x: number, y: number, w: number, h: number}} Place in units of the wire
 * @typedef {{id: string, name: string, variable_name: string, type: string, permission: string, thing_id: string,
 *   thing_name: string, last_value?: any, last_value_updated_at?: string|null, thing_timezone?: {name: string}}} Linked
 * @typedef {{id: string, type: string, name: string, options: Record<string, any>, page: string, variables: Linked[],
 *   desktop: Place, phone: Place|null, unlinked: boolean, mistyped: boolean}} Widget
 * @typedef {{id: string, name: string, position: number, icon?: string}} DashboardPage
 * @typedef {{id: string, name: string, cover: string, pages: DashboardPage[], widgets: Widget[], updated: string,
 *   sharedBy: string|null, owner: string, ownerId: string}} Doc
 * @typedef {(type: string) => {w: number, h: number, minW?: number, minH?: number}} SizeOf sizes of a kind in units of the wire
 */
import { DESKTOP, PHONE, bottom, freePlace, phoneFrom } from './geometry.js';

/** The page every dashboard has, whatever else it has. */
export const MAIN = '0';
export const NAME_LENGTH = 64;
export const PAGES = 30;

/** @param {any} wire an answer of v3 (or of a share link) @param {SizeOf} sizeOf @returns {Doc} */
export function fromWire(wire, sizeOf) {
  /** @type {Widget[]} */
  const widgets = (wire.widgets ?? []).map((/** @type {any} */ widget) => ({
    id: widget.id,
    type: widget.type,
    name: widget.name ?? '',
    options: widget.options ?? {},
    page: widget.page_id ?? MAIN,
    variables: widget.variables ?? [],
    desktop: { x: widget.x, y: widget.y, w: widget.width, h: widget.height },
    phone: hasPhone(widget)
      ? { x: widget.x_mobile ?? 0, y: widget.y_mobile ?? 0, w: widget.width_mobile, h: widget.height_mobile }
      : null,
    unlinked: Boolean(widget.has_unlinked_variable),
    mistyped: Boolean(widget.has_type_incompatibility || widget.has_permission_incompatibility),
  }));
  const known = new Set([MAIN, ...(wire.pages ?? []).map((/** @type {any} */ page) => page.id)]);
  for (const widget of widgets) if (!known.has(widget.page)) widget.page = MAIN;
  return {
    id: wire.id,
    name: wire.name ?? '',
    cover: wire.cover_image ?? '',
    pages: [...(wire.pages ?? [])].sort((a, b) => a.position - b.position),
    widgets: settled(widgets, sizeOf),
    updated: wire.updated_at ?? '',
    sharedBy: wire.shared_by ? (wire.shared_by.username ?? wire.shared_by.user_id) : null,
    owner: wire.created_by?.username ?? '',
    ownerId: wire.created_by?.user_id ?? '',
  };
}

/** @param {any} widget */
const hasPhone = (widget) => (widget.width_mobile ?? 0) > 0 && (widget.height_mobile ?? 0) > 0;

/**
 * Templates and scripts may leave the geometry out: such widgets get the size of their kind and the next free place.
 * @param {Widget[]} widgets @param {SizeOf} sizeOf
 */
function settled(widgets, sizeOf) {
  /** @type {Map<string, Box[]>} */
  const pages = new Map();
  const placeOf = (/** @type {Widget} */ widget) => pages.get(widget.page) ?? pages.set(widget.page, []).get(widget.page) ?? [];
  for (const widget of widgets) {
    if (widget.desktop.w > 0 && widget.desktop.h > 0) placeOf(widget).push({ id: widget.id, ...widget.desktop });
  }
  return widgets.map((widget) => {
    if (widget.desktop.w > 0 && widget.desktop.h > 0) return widget;
    const boxes = placeOf(widget);
    const { x, y, w, h } = freePlace(boxes, { id: widget.id, ...sizeOf(widget.type) }, DESKTOP);
    boxes.push({ id: widget.id, x, y, w, h });
    return { ...widget, desktop: { x, y, w, h } };
  });
}

/** The body of a PUT or PATCH that keeps all of it. @param {Doc} doc */
export function toWire(doc) {
  return {
    name: doc.name,
    cover_image: doc.cover,
    pages: doc.pages.map((page, position) => ({
      id: page.id,
      name: page.name,
      position,
      ...(page.icon ? { icon: page.icon } : {}),
    })),
    widgets: doc.widgets.map((widget) => ({
      id: widget.id,
      type: widget.type,
      name: widget.name,
      options: widget.options,
      page_id: widget.page,
      variables: widget.variables.map((variable) => variable.id),
      x: widget.desktop.x,
      y: widget.desktop.y,
      width: widget.desktop.w,
      height: widget.desktop.h,
      ...(widget.phone
        ? {
            x_mobile: widget.phone.x,
            y_mobile: widget.phone.y,
            width_mobile: widget.phone.w,
            height_mobile: widget.phone.h,
          }
        : {}),
    })),
  };
}

/** @param {Doc} doc @param {string} page */
export const widgetsOf = (doc, page) => doc.widgets.filter((widget) => widget.page === page);

/** The main page is a tab only where it holds something or is the only one. @param {Doc} doc @param {string} mainName */
export function tabsOf(doc, mainName) {
  const main = doc.pages.length === 0 || doc.widgets.some((widget) => widget.page === MAIN);
  return [...(main ? [{ id: MAIN, name: mainName, position: -1 }] : []), ...doc.pages];
}

/** Whether somebody arranged this page for phones. @param {Doc} doc @param {string} page */
export const hasPhoneLayout = (doc, page) => widgetsOf(doc, page).some((widget) => widget.phone !== null);

/**
 * The boxes of a page. A phone's come from the desktop until somebody edits them; what was added since then follows below.
 * @param {Doc} doc @param {string} page @param {boolean} phone
 * @param {SizeOf} sizeOf @param {(type: string) => {w: 1|2, h: number}|undefined} phoneSizeOf
 * @returns {Box[]}
 */
export function boxesOf(doc, page, phone, sizeOf, phoneSizeOf) {
  const widgets = widgetsOf(doc, page);
  const desktop = widgets.map((widget) => ({ ...widget.desktop, id: widget.id, ...least(sizeOf(widget.type)) }));
  if (!phone) return desktop;
  const types = new Map(widgets.map((widget) => [widget.id, widget.type]));
  const wish = (/** @type {string} */ id) => phoneSizeOf(types.get(id) ?? '');
  if (!hasPhoneLayout(doc, page)) return phoneFrom(desktop, wish);
  /** @type {Box[]} */
  const placed = [];
  for (const widget of widgets) if (widget.phone) placed.push({ id: widget.id, ...widget.phone });
  const late = phoneFrom(
    desktop.filter((box) => !placed.some((other) => other.id === box.id)),
    wish,
  );
  const from = bottom(placed);
  return [...placed, ...late.map((box) => ({ ...box, y: box.y + from }))];
}

/** @param {{minW?: number, minH?: number}} size */
const least = ({ minW, minH }) => ({ ...(minW ? { minW } : {}), ...(minH ? { minH } : {}) });

/** @param {Doc} doc @param {Box[]} boxes @param {boolean} phone @returns {Doc} */
export function withBoxes(doc, boxes, phone) {
  const places = new Map(boxes.map(({ id, x, y, w, h }) => [id, { x, y, w, h }]));
  return {
    ...doc,
    widgets: doc.widgets.map((widget) => {
      const place = places.get(widget.id);
      return place ? { ...widget, [phone ? 'phone' : 'desktop']: place } : widget;
    }),
  };
}

/** @param {Doc} doc @param {string} id @param {Partial<Widget>} patch @returns {Doc} */
export const withWidget = (doc, id, patch) => ({
  ...doc,
  widgets: doc.widgets.map((widget) => (widget.id === id ? { ...widget, ...patch } : widget)),
});

/** @param {Doc} doc @param {ReadonlySet<string>} ids @returns {Doc} */
export const withoutWidgets = (doc, ids) => ({ ...doc, widgets: doc.widgets.filter((widget) => !ids.has(widget.id)) });

/**
 * A new widget at the first free place of its page.
 * @param {Doc} doc @param {{type: string, name: string, options: Record<string, any>, variables: Linked[]}} what
 * @param {string} page @param {SizeOf} sizeOf @param {string} id @returns {Doc}
 */
export function withNew(doc, what, page, sizeOf, id) {
  const boxes = widgetsOf(doc, page).map((widget) => ({ id: widget.id, ...widget.desktop }));
  const { x, y, w, h } = freePlace(boxes, { id, ...sizeOf(what.type) }, DESKTOP);
  const widget = { ...what, id, page, desktop: { x, y, w, h }, phone: null, unlinked: false, mistyped: false };
  return { ...doc, widgets: [...doc.widgets, widget] };
}

/**
 * Copies of widgets, each at the next free place.
 * @param {Doc} doc @param {ReadonlySet<string>} ids @param {() => string} newId @returns {{doc: Doc, ids: string[]}}
 */
export function withCopies(doc, ids, newId) {
  /** @type {string[]} */
  const made = [];
  let next = doc;
  for (const widget of doc.widgets.filter((each) => ids.has(each.id))) {
    const id = newId();
    const boxes = widgetsOf(next, widget.page).map((each) => ({ id: each.id, ...each.desktop }));
    const { x, y, w, h } = freePlace(boxes, { id, w: widget.desktop.w, h: widget.desktop.h }, DESKTOP, widget.desktop.y);
    const copy = { ...widget, id, options: structuredClone(widget.options), desktop: { x, y, w, h }, phone: null };
    next = { ...next, widgets: [...next.widgets, copy] };
    made.push(id);
  }
  return { doc: next, ids: made };
}

/** A page goes; what stood on it goes to the page that is named. @param {Doc} doc @param {string} id @param {string} to @returns {Doc} */
export function withoutPage(doc, id, to) {
  const rest = { ...doc, pages: doc.pages.filter((page) => page.id !== id), widgets: doc.widgets.filter((each) => each.page !== id) };
  const from = bottom(widgetsOf(rest, to).map((widget) => ({ id: widget.id, ...widget.desktop })));
  const moved = widgetsOf(doc, id).map((widget) => ({
    ...widget,
    page: to,
    phone: null,
    desktop: { ...widget.desktop, y: widget.desktop.y + from },
  }));
  return { ...rest, widgets: [...rest.widgets, ...moved] };
}

export { PHONE };
