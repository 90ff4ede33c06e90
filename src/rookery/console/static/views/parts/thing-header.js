/**
 * Writes `thingProperties.h`: the declarations and `initProperties()` that a C++ sketch needs for a thing.
 *
 * Written for `ArduinoIoTCloud` 1.5 and later (`Permission`, `publishOnChange`, `publishEvery`, `onUpdate`,
 * `onSync(CLOUD_WINS)`: the value of the server wins after a reconnect, as in sketches that the vendor's editor makes).
 */

/**
 * @typedef {object} Declared
 * @property {string} name
 * @property {string} variable_name
 * @property {string} type
 * @property {'READ_ONLY'|'READ_WRITE'} permission
 * @property {'ON_CHANGE'|'TIMED'} update_strategy
 * @property {number} [update_parameter]
 */

/** @typedef {'secret'|'certificate'} Login */
/** @typedef {'wifi'|'gsm'|'nb'|'ethernet'} Link */

/** @type {Record<Link, {constants: [string, string][], handler: string}>} */
const LINKS = {
  wifi: {
    constants: [
      ['SSID', 'SECRET_SSID'],
      ['PASS', 'SECRET_OPTIONAL_PASS'],
    ],
    handler: 'WiFiConnectionHandler ArduinoIoTPreferredConnection(SSID, PASS);',
  },
  gsm: {
    constants: [
      ['PINNUMBER', 'SECRET_PIN'],
      ['GPRS_APN', 'SECRET_APN'],
      ['GPRS_LOGIN', 'SECRET_LOGIN'],
      ['GPRS_PASSWORD', 'SECRET_PASS'],
    ],
    handler: 'GSMConnectionHandler ArduinoIoTPreferredConnection(PINNUMBER, GPRS_APN, GPRS_LOGIN, GPRS_PASSWORD);',
  },
  nb: {
    constants: [
      ['PINNUMBER', 'SECRET_PIN'],
      ['GPRS_APN', 'SECRET_APN'],
      ['GPRS_LOGIN', 'SECRET_LOGIN'],
      ['GPRS_PASSWORD', 'SECRET_PASS'],
    ],
    handler: 'NBConnectionHandler ArduinoIoTPreferredConnection(PINNUMBER, GPRS_APN, GPRS_LOGIN, GPRS_PASSWORD);',
  },
  ethernet: { constants: [], handler: 'EthernetConnectionHandler ArduinoIoTPreferredConnection;' },
};

/**
 * What `arduino_secrets.h` has to define for a link.
 * @param {Link} link
 * @returns {string[]}
 */
export const secretsOf = (link) => LINKS[link].constants.map(([, secret]) => secret);

/**
 * The function that is called when this variable was written.
 * @param {string} symbol
 */
export const handlerOf = (symbol) =>
  `on${symbol.replace(/(^|_)([a-zA-Z0-9])/g, (_all, _line, first) => first.toUpperCase())}Change`;

/**
 * @param {object} options
 * @param {Declared[]} options.variables
 * @param {Record<string, string>} options.declarations   C++ type by property type
 * @param {string|null} [options.deviceId]
 * @param {Login} [options.login]
 * @param {Link} [options.link]
 * @returns {string}
 */
export function thingHeader({ variables, declarations, deviceId = null, login = 'secret', link = 'wifi' }) {
  const constants = LINKS[link].constants.map(([name, secret]) => `const char ${name}[] = ${secret};`);
  if (login === 'secret') {
    constants.unshift(
      `const char DEVICE_LOGIN_NAME[] = "${deviceId ?? 'ID OF THE DEVICE'}";`,
      'const char DEVICE_KEY[] = SECRET_DEVICE_KEY;',
    );
  }
  const usable = variables.filter((variable) => /^[A-Za-z_]\w*$/.test(variable.variable_name));
  const declared = usable.map((variable) => ({ variable, cpp: declarations[variable.type] ?? '?' }));
  const written = declared.filter(({ variable, cpp }) => variable.permission === 'READ_WRITE' && cpp !== '?');
  const body = [
    ...(login === 'secret'
      ? ['ArduinoCloud.setBoardId(DEVICE_LOGIN_NAME);', 'ArduinoCloud.setSecretDeviceKey(DEVICE_KEY);']
      : []),
    ...declared.filter(({ cpp }) => cpp !== '?').map(({ variable }) => registration(variable)),
  ];
  const parts = [
    ['#include <ArduinoIoTCloud.h>', '#include <Arduino_ConnectionHandler.h>', '#include "arduino_secrets.h"'],
    constants,
    written.map(({ variable }) => `void ${handlerOf(variable.variable_name)}();`),
    declared.map(({ variable, cpp }) =>
      cpp === '?'
        ? `// ${variable.variable_name}: the library has no class for the type ${variable.type}.`
        : `${cpp} ${variable.variable_name};`,
    ),
    ['void initProperties() {', ...body.map((line) => `  ${line}`), '}'],
    [LINKS[link].handler],
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/**
 * @param {Declared} variable
 */
function registration(variable) {
  const writable = variable.permission === 'READ_WRITE';
  const parameter = variable.update_parameter ?? 0;
  const policy =
    variable.update_strategy === 'TIMED'
      ? `.publishEvery(${number(parameter > 0 ? parameter : 1)} * SECONDS)`
      : parameter > 0
        ? `.publishOnChange(${number(parameter)})`
        : '';
  const callbacks = writable ? `.onUpdate(${handlerOf(variable.variable_name)}).onSync(CLOUD_WINS)` : '';
  const permission = writable ? 'ReadWrite' : 'Read';
  return `ArduinoCloud.addProperty(${variable.variable_name}, Permission::${permission})${policy}${callbacks};`;
}

/**
 * The name that the server gives a variable that is named only for people.
 * @param {string} name
 */
export function symbolOf(name) {
  const symbol = name.replace(/[^A-Za-z0-9_]/g, '_').slice(0, 64);
  return /^[A-Za-z_]/.test(symbol) ? symbol : `_${symbol}`.slice(0, 64);
}

/** @param {number} value */
const number = (value) => String(Math.round(value * 1e6) / 1e6);
