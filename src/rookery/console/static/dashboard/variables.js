/** Variables of things, as the API lists them, in the form in which widgets are linked to them. */

/** Every variable of every thing, as a widget is linked to it. @param {any} things @returns {import('./document.js').Linked[]} */
export function variablesOf(things) {
  return (things ?? []).flatMap((/** @type {any} */ thing) =>
    (thing.properties ?? []).map((/** @type {any} */ each) => ({
      id: each.id,
      name: each.name,
      variable_name: each.variable_name ?? '',
      type: each.type,
      permission: each.permission,
      thing_id: thing.id,
      thing_name: thing.name,
      last_value: each.last_value,
      last_value_updated_at: each.value_updated_at,
      thing_timezone: thing.timezone ? { name: thing.timezone } : undefined,
    })),
  );
}
