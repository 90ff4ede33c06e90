/** @typedef {import('./devices-model.js').Device} Device */
/**
 * @typedef {object} Details what `GET /console/api/devices/ID` adds to the row of the list
 * @property {number} version  counts the changes of its record
 * @property {string|null} notes
 * @property {Record<string, any>} firmware
 * @property {{functions: string[], variables: Record<string, string>}} described
 * @property {string|null} last_address
 * @property {string|null} connection_type
 * @property {string|null} serial
 * @property {string|null} fqbn
 * @property {number|null} created
 * @property {boolean} secret
 * @property {number} certificates
 */
/** @typedef {Device & Details} DeviceDetail */

/**
 * An answer with all that a view may rely on.
 * @param {any} told
 * @returns {DeviceDetail}
 */
export function detailOf(told) {
  const described = told.described ?? {};
  return {
    ...told,
    tags: told.tags ?? {},
    groups: told.groups ?? [],
    firmware: told.firmware ?? {},
    notes: told.notes ?? null,
    described: { functions: described.functions ?? told.functions ?? [], variables: described.variables ?? told.variables ?? {} },
    secret: told.secret ?? true,
    certificates: told.certificates ?? 0,
  };
}
