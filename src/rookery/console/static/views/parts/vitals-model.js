/** Vitals of a Particle board: the tree of measurements as rows and as series. Pure. */

/** @typedef {{updated_at: string, payload: Record<string, any>}} VitalsRecord */
/** @typedef {{path: string, value: any, unit: string}} Leaf */

/** What charts are made of: the leaves of each, in order. @type {[string, string, string][]} key of the words, path, unit */
export const CHARTS = [
  ['signal', 'device.network.signal.strength', '%'],
  ['memory', 'device.system.memory.used', 'B'],
  ['battery', 'device.power.battery.charge', '%'],
  ['round', 'service.coap.round_trip', 'ms'],
  ['uptime', 'device.system.uptime', 's'],
  ['disconnects', 'device.cloud.connection.disconnects', ''],
];

/** @type {[RegExp, string][]} */
const UNITS = [
  [/uptime$/, 's'],
  [/memory\./, 'B'],
  [/round_trip$/, 'ms'],
  [/battery\.charge$/, '%'],
];

/**
 * The leaves of a record; units stand beside their values in it (`strength`, `strength_units`).
 * @param {any} tree
 * @param {string} [prefix]
 * @returns {Leaf[]}
 */
export function leaves(tree, prefix = '') {
  if (typeof tree !== 'object' || tree === null) return [];
  /** @type {Leaf[]} */
  const found = [];
  for (const [key, value] of Object.entries(tree)) {
    const path = `${prefix}${key}`;
    if (typeof value === 'object' && value !== null && !('err' in value)) found.push(...leaves(value, `${path}.`));
    else if (!/_(units|type)$/.test(key)) found.push({ path, value, unit: unitAt(tree, key, path) });
  }
  return found;
}

/** @param {any} tree @param {string} key @param {string} path */
function unitAt(tree, key, path) {
  const beside = tree[`${key}_units`];
  if (typeof beside === 'string') return beside;
  return UNITS.find(([pattern]) => pattern.test(path))?.[1] ?? '';
}

/**
 * @param {any} tree
 * @param {string} path
 */
export function at(tree, path) {
  return path.split('.').reduce((node, key) => (typeof node === 'object' && node !== null ? node[key] : undefined), tree);
}

/**
 * One measurement over time; records without it are left out.
 * @param {VitalsRecord[]} records
 * @param {string} path
 * @returns {[number, number][]}
 */
export function seriesOf(records, path) {
  /** @type {[number, number][]} */
  const points = [];
  for (const record of records) {
    const value = at(record.payload, path);
    if (typeof value === 'number') points.push([Date.parse(record.updated_at), value]);
  }
  return points;
}
