/**
 * Dashboards as files. A template names things by a word and variables by their name in the sketch; on the way in each
 * word becomes one of the reader's own things. A file with ids (an answer of the API) is taken, too: what the reader
 * has of it is linked, the rest stays open.
 *
 * @typedef {{id: string, name: string, properties?: {id: string, name: string, variable_name?: string, type: string}[]}} Thing
 */

/** Bytes of a file: a dashboard of a thousand widgets with options is under a megabyte. */
export const FILE_LIMIT = 4_000_000;
const WIDGETS = 1_000;

/** @param {string} name @param {string} id the word a template has for a thing (reference 8.5) */
export function placeholder(name, id) {
  const word = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  return `${word}-${id.slice(-5)}`;
}

/**
 * The document in a file. @param {string} text @returns {any}
 * @throws {SyntaxError} it is no JSON @throws {TypeError} it is no dashboard
 */
export function readTemplate(text) {
  const found = JSON.parse(text);
  const template = Array.isArray(found) ? found[0] : (found?.dashboard ?? found);
  if (!template || typeof template !== 'object' || !Array.isArray(template.widgets ?? [])) throw new TypeError('no dashboard');
  const widgets = template.widgets ?? [];
  const whole = widgets.length <= WIDGETS && widgets.every((/** @type {any} */ each) => each && typeof each.type === 'string');
  if (!whole || (template.name !== undefined && typeof template.name !== 'string')) throw new TypeError('no dashboard');
  return template;
}

/** The things a template speaks of, with what it wants of each. @param {any} template */
export function thingsOf(template) {
  /** @type {Map<string, Set<string>>} */
  const wanted = new Map();
  for (const widget of template.widgets ?? []) {
    for (const variable of widget.variables ?? []) {
      const thing = variable?.thing_id;
      if (!thing) continue;
      if (!wanted.has(thing)) wanted.set(thing, new Set());
      wanted.get(thing)?.add(nameOf(variable));
    }
  }
  return [...wanted].map(([word, names]) => ({ word, names: [...names] }));
}

/** @param {any} variable */
const nameOf = (variable) => String(variable.variable_id ?? variable.variable_name ?? variable.name ?? '');

/** The thing that is most likely meant. @param {string} word @param {string[]} names @param {Thing[]} things */
export function guess(word, names, things) {
  const exact = things.find((thing) => thing.id === word || placeholder(thing.name, thing.id) === word);
  if (exact) return exact.id;
  const has = (/** @type {Thing} */ thing) => names.filter((name) => variableOf(thing, name)).length;
  const best = things.map((thing) => ({ id: thing.id, count: has(thing) })).sort((a, b) => b.count - a.count)[0];
  return best && best.count === names.length && names.length > 0 ? best.id : '';
}

/** @param {Thing|undefined} thing @param {string} name */
const variableOf = (thing, name) =>
  thing?.properties?.find((each) => each.variable_name === name) ?? thing?.properties?.find((each) => each.name === name);

/**
 * The body that makes a dashboard of a template.
 * @param {any} template @param {Record<string, string>} chosen thing of each word, '' for none
 * @param {Thing[]} things @param {() => string} newId
 * @returns {{body: any, missing: string[]}} missing: names of variables that no thing had
 */
export function fromTemplate(template, chosen, things, newId) {
  /** @type {string[]} */
  const missing = [];
  const byId = new Map(things.map((thing) => [thing.id, thing]));
  const known = new Set(things.flatMap((thing) => (thing.properties ?? []).map((each) => each.id)));
  /** @param {string} word @param {string} name */
  const find = (word, name) => variableOf(byId.get(chosen[word] ?? ''), name)?.id;
  /** @type {Map<string, string>} */
  const pages = new Map();
  for (const page of template.pages ?? []) pages.set(String(page.id), newId());
  const widgets = (template.widgets ?? []).map((/** @type {any} */ widget) => {
    /** @type {string[]} */
    const variables = [];
    for (const variable of widget.variables ?? []) {
      const id =
        typeof variable === 'string'
          ? known.has(variable) && variable
          : (find(variable.thing_id, nameOf(variable)) ?? (known.has(variable.id) && variable.id));
      if (id) variables.push(id);
      else missing.push(typeof variable === 'string' ? variable : nameOf(variable));
    }
    return {
      ...geometry(widget),
      id: newId(),
      type: widget.type,
      name: typeof widget.name === 'string' ? widget.name : '',
      options: relinked(widget.options ?? {}, find),
      page_id: pages.get(String(widget.page_id)) ?? '0',
      variables,
    };
  });
  const body = {
    name: template.name || '',
    ...(typeof template.cover_image === 'string' ? { cover_image: template.cover_image } : {}),
    pages: (template.pages ?? []).map((/** @type {any} */ page, /** @type {number} */ position) => ({
      id: pages.get(String(page.id)),
      name: page.name,
      position: page.position ?? position,
      ...(page.icon ? { icon: page.icon } : {}),
    })),
    widgets,
  };
  return { body, missing: [...new Set(missing)] };
}

const PLACES = ['x', 'y', 'width', 'height', 'x_mobile', 'y_mobile', 'width_mobile', 'height_mobile'];

/** @param {any} widget */
function geometry(widget) {
  /** @type {Record<string, number>} */
  const found = { x: 0, y: 0, width: 0, height: 0 };
  for (const name of PLACES) if (Number.isInteger(widget[name])) found[name] = widget[name];
  return found;
}

/**
 * Options that name variables: maps with keys `<word>:<variable>`, and markers with a `property`.
 * @param {Record<string, any>} options @param {(word: string, name: string) => string|undefined} find
 */
function relinked(options, find) {
  const link = (/** @type {string} */ text) => {
    const [, word, name] = /^(.+):([^:]+)$/.exec(text) ?? [];
    return (word && name && find(word, name)) || text;
  };
  /** @type {Record<string, any>} */
  const next = { ...options };
  for (const name of ['aggregation', 'format', 'axes']) {
    const map = options[name];
    if (map && typeof map === 'object' && !Array.isArray(map)) {
      next[name] = Object.fromEntries(Object.entries(map).map(([key, value]) => [link(key), value]));
    }
  }
  if (Array.isArray(options['markersSettings'])) {
    next['markersSettings'] = options['markersSettings'].map((/** @type {any} */ marker) => ({
      ...marker,
      ...(typeof marker?.property === 'string' ? { property: { id: link(marker.property) } } : {}),
    }));
  }
  return next;
}
