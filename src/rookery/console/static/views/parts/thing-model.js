/** @typedef {import('./value-write.js').Property} Property */
/**
 * @typedef {object} ThingView `ArduinoThing`
 * @property {string} id
 * @property {string} name
 * @property {string} timezone
 * @property {string} [device_id]
 * @property {string} [device_name]
 * @property {string} [device_type]
 * @property {string} [device_fqbn]
 * @property {number} properties_count
 * @property {Property[]} [properties]
 * @property {Record<string, string>} tags
 * @property {boolean} webhook_active
 * @property {string} [webhook_uri]
 * @property {string} created_at
 * @property {string} updated_at
 */
/**
 * @typedef {object} PropertyType one entry of the catalogue
 * @property {string} type
 * @property {string} name
 * @property {string} declaration
 * @property {boolean} deprecated
 * @property {boolean} rw
 * @property {string[]} units
 */

/** @type {Map<string, Promise<PropertyType[]>>} */
const asked = new Map();

/**
 * The catalogue of types, asked for once.
 * @param {(method: string, path: string) => Promise<any>} iot
 * @returns {Promise<PropertyType[]>}
 */
export function propertyTypes(iot) {
  const known = asked.get('types');
  if (known) return known;
  const asking = iot('GET', '/v1/property_types');
  asked.set('types', asking);
  asking.catch(() => asked.delete('types'));
  return asking;
}

/**
 * C++ type by property type.
 * @param {PropertyType[]} types
 * @returns {Record<string, string>}
 */
export const declarationsOf = (types) => Object.fromEntries(types.map((type) => [type.type, type.declaration]));

/**
 * How a type is called, with its unit where it has one.
 * @param {PropertyType[]} types
 * @param {string} name
 */
export function typeLabel(types, name) {
  const found = types.find((type) => type.type === name);
  return found ? found.name : name;
}

/** Kinds in which a person looks for a type. */
const KINDS = /** @type {[string, RegExp][]} */ ([
  ['bool boolean switch yes no on off', /^bool$/],
  ['number float decimal', /^float$/],
  ['number integer whole count', /^int$/],
  ['text string word', /^String$/],
]);

/**
 * Types that match what was typed, today's before the older ones.
 * @param {PropertyType[]} types
 * @param {string} typed
 * @returns {PropertyType[]}
 */
export function findTypes(types, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (/** @type {PropertyType} */ type) =>
    [
      type.name,
      type.type.replaceAll('_', ' '),
      type.type,
      type.units.join(' '),
      type.declaration,
      KINDS.find(([, pattern]) => pattern.test(type.declaration))?.[0] ?? '',
      type.type.startsWith('COLOR') ? 'colour' : '',
    ]
      .join(' ')
      .toLowerCase();
  const found = types.filter((type) => {
    const words_ = text(type);
    return words.every((word) => words_.includes(word));
  });
  const first = words[0];
  return [...found].sort(
    (a, b) =>
      Number(a.deprecated) - Number(b.deprecated) ||
      Number(isBasic(b)) - Number(isBasic(a)) ||
      (first ? Number(b.name.toLowerCase().startsWith(first)) - Number(a.name.toLowerCase().startsWith(first)) : 0),
  );
}

/** The four plain types are what most sketches want. @param {PropertyType} type */
export const isBasic = (type) => ['FLOAT', 'INT', 'STATUS', 'CHARSTRING'].includes(type.type);
