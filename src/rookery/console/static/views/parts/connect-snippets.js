/**
 * The programs that bring a board here, ready to run: with this server's name, the id of the board and its secret key.
 * Pure functions from facts to texts.
 */

import { handlerOf, secretsOf, thingHeader } from './thing-header.js';

/** @typedef {import('./connect-models.js').Model} Model */
/** @typedef {import('./thing-header.js').Declared} Declared */

/**
 * @typedef {object} Facts
 * @property {Model} model
 * @property {string} host
 * @property {number} port
 * @property {string} deviceId
 * @property {string} secret        the key, or a word that stands for it
 * @property {string} name          of the sketch
 * @property {Declared[]} variables
 * @property {Record<string, string>} declarations
 */

/** @typedef {{name: string, language: string, content: string}} File */

/**
 * The files of the program for this board.
 * @param {Facts} facts
 * @returns {File[]}
 */
export function programOf(facts) {
  const language = facts.model.language ?? 'cpp';
  return { cpp: sketch, python, micropython, node }[language](facts);
}

/**
 * A name that the Arduino IDE takes for a folder and a sketch.
 * @param {string} name
 */
export function sketchName(name) {
  const cleaned = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 40);
  return /^[A-Za-z]/.test(cleaned) ? cleaned : `Board_${cleaned}`.replace(/_+$/, '');
}

/**
 * @param {Facts} facts
 * @returns {File[]}
 */
function sketch(facts) {
  const { model, host, port, variables, declarations } = facts;
  const login = model.login ?? 'secret';
  const link = model.link ?? 'wifi';
  const written = variables.filter((v) => v.permission === 'READ_WRITE' && (declarations[v.type] ?? '?') !== '?');
  const read = variables.filter((v) => v.permission === 'READ_ONLY');
  const secrets = [
    ...secretsOf(link).map((name) => `#define ${name} "${PLACEHOLDERS[name] ?? ''}"`),
    ...(login === 'secret' ? [`#define SECRET_DEVICE_KEY "${facts.secret}"`] : []),
  ];
  const handlers = written.map((v) => [
    '',
    `// Called when somebody has set ${v.variable_name}.`,
    `void ${handlerOf(v.variable_name)}() {`,
    ...(declarations[v.type] === 'bool' && v.variable_name.toLowerCase().includes('led')
      ? [`  digitalWrite(LED_BUILTIN, ${v.variable_name});`]
      : []),
    '}',
  ]);
  const led = written.some((v) => declarations[v.type] === 'bool' && v.variable_name.toLowerCase().includes('led'));
  const lines = [
    '#include "thingProperties.h"',
    '',
    ...(led ? ['#ifndef LED_BUILTIN', '#define LED_BUILTIN 2', '#endif', ''] : []),
    'void setup() {',
    '  Serial.begin(9600);',
    '  for (unsigned long start = millis(); !Serial && millis() - start < 5000;) {}',
    '  setDebugMessageLevel(DBG_INFO);',
    ...(led ? ['  pinMode(LED_BUILTIN, OUTPUT);'] : []),
    '',
    '  initProperties();',
    `  ArduinoCloud.begin(ArduinoIoTPreferredConnection, true, "${host}", ${port});`,
    '  ArduinoCloud.printDebugInfo();',
    '}',
    '',
    'void loop() {',
    '  ArduinoCloud.update();',
    ...read.slice(0, 3).flatMap((v) => example(v, declarations[v.type] ?? '?')),
    '}',
    ...handlers.flat(),
  ];
  return [
    { name: 'arduino_secrets.h', language: 'cpp', content: `${secrets.join('\n')}\n` },
    {
      name: 'thingProperties.h',
      language: 'cpp',
      content: thingHeader({ variables, declarations, deviceId: facts.deviceId, login, link }),
    },
    { name: `${sketchName(facts.name)}.ino`, language: 'cpp', content: `${lines.join('\n')}\n` },
  ];
}

/** @type {Record<string, string>} */
const PLACEHOLDERS = {
  SECRET_SSID: 'NAME OF YOUR NETWORK',
  SECRET_OPTIONAL_PASS: 'ITS PASSWORD',
  SECRET_PIN: '',
  SECRET_APN: 'APN OF YOUR SIM',
};

/**
 * A line that makes something move before a sensor is there.
 * @param {Declared} variable
 * @param {string} declaration
 * @returns {string[]}
 */
function example(variable, declaration) {
  const symbol = variable.variable_name;
  if (declaration === 'bool') return [`  ${symbol} = (millis() / 5000) % 2;`];
  if (declaration === 'String') return [`  ${symbol} = String(millis() / 1000);`];
  if (declaration === 'int') return [`  ${symbol} = millis() / 1000;`];
  if (declaration === '?' || /Color|Light|Location|Schedule|Television|Sensor$|Plug|Switch/.test(declaration)) return [];
  return [`  ${symbol} = 20 + (millis() / 1000) % 10;`];
}

/** @type {Record<string, string>} Classes of the Python library for values with parts. */
const PYTHON_CLASSES = {
  LOCATION: 'Location',
  COLOR_HSB: 'Color',
  HOME_COLORED_LIGHT: 'ColoredLight',
  HOME_DIMMED_LIGHT: 'DimmedLight',
  SCHEDULE: 'Schedule',
};

/**
 * The lines that make the variables known, and the functions before them.
 * @param {Facts} facts
 */
function registered({ variables, declarations }) {
  const functions = [];
  const lines = [];
  for (const v of variables) {
    const symbol = v.variable_name;
    const shaped = PYTHON_CLASSES[v.type];
    const declaration = declarations[v.type] ?? '';
    if (shaped) {
      lines.push(`client.register(${shaped}("${symbol}"))`);
    } else if (v.permission === 'READ_WRITE') {
      functions.push(`def on_${symbol}(client, value):\n    print("${symbol} is now", value)\n`);
      lines.push(`client.register("${symbol}", value=None, on_write=on_${symbol})`);
    } else {
      const reading =
        declaration === 'bool'
          ? 'int(time.time()) % 10 < 5'
          : declaration === 'String'
            ? 'str(int(time.time()))'
            : declaration === 'int'
              ? 'int(time.time()) % 1000'
              : '20 + time.time() % 10';
      const seconds = v.update_strategy === 'TIMED' && v.update_parameter ? v.update_parameter : 5;
      lines.push(`client.register("${symbol}", value=None, on_read=lambda client: ${reading}, interval=${seconds.toFixed(1)})`);
    }
  }
  const classes = [...new Set(variables.map((v) => PYTHON_CLASSES[v.type]).filter(Boolean))].sort();
  return { functions, lines, imports: ['ArduinoCloudClient', ...classes].join(', ') };
}

/**
 * @param {Facts} facts
 * @returns {File[]}
 */
function python(facts) {
  const { functions, lines, imports } = registered(facts);
  const content = [
    '# pip install arduino-iot-cloud',
    'import ssl',
    'import time',
    '',
    `from arduino_iot_cloud import ${imports}`,
    '',
    `DEVICE_ID = "${facts.deviceId}"`,
    `SECRET_KEY = "${facts.secret}"`,
    '',
    ...functions.flatMap((text) => ['', text]),
    ...(functions.length > 0 ? [''] : []),
    'client = ArduinoCloudClient(',
    '    device_id=DEVICE_ID,',
    '    username=DEVICE_ID,',
    '    password=SECRET_KEY,',
    `    server="${facts.host}",`,
    `    port=${facts.port},`,
    '    ssl_params={',
    '        "cafile": "ca.pem",',
    '        "verify_mode": ssl.CERT_REQUIRED,',
    `        "server_hostname": "${facts.host}",`,
    '    },',
    ')',
    ...lines,
    'client.start()',
  ];
  return [{ name: 'board.py', language: 'python', content: `${content.join('\n')}\n` }];
}

/**
 * @param {Facts} facts
 * @returns {File[]}
 */
function micropython(facts) {
  const { functions, lines, imports } = registered(facts);
  const content = [
    'import network',
    'import ssl',
    'import time',
    '',
    `from arduino_iot_cloud import ${imports}`,
    'from secrets import DEVICE_ID, SECRET_KEY, WIFI_PASS, WIFI_SSID',
    '',
    '',
    'def connect():',
    '    wlan = network.WLAN(network.STA_IF)',
    '    wlan.active(True)',
    '    wlan.connect(WIFI_SSID, WIFI_PASS)',
    '    while not wlan.isconnected():',
    '        time.sleep_ms(500)',
    '',
    ...functions.flatMap((text) => ['', text]),
    '',
    'connect()',
    'client = ArduinoCloudClient(',
    '    device_id=DEVICE_ID,',
    '    username=DEVICE_ID,',
    '    password=SECRET_KEY,',
    `    server="${facts.host}",`,
    `    port=${facts.port},`,
    '    ssl_params={',
    '        "cafile": "ca.der",',
    '        "verify_mode": ssl.CERT_REQUIRED,',
    `        "server_hostname": "${facts.host}",`,
    '    },',
    ')',
    ...lines,
    'client.start()',
  ];
  const secrets = [
    'WIFI_SSID = "NAME OF YOUR NETWORK"',
    'WIFI_PASS = "ITS PASSWORD"',
    `DEVICE_ID = "${facts.deviceId}"`,
    `SECRET_KEY = "${facts.secret}"`,
  ];
  return [
    { name: 'secrets.py', language: 'python', content: `${secrets.join('\n')}\n` },
    { name: 'main.py', language: 'python', content: `${content.join('\n')}\n` },
  ];
}

/**
 * @param {Facts} facts
 * @returns {File[]}
 */
function node(facts) {
  const { variables, declarations } = facts;
  const simple = variables.filter((v) => !PYTHON_CLASSES[v.type]);
  const content = [
    '// npm install arduino-iot-js@0.13.0',
    '// NODE_EXTRA_CA_CERTS=ca.pem node board.mjs',
    "import { ArduinoIoTCloud } from 'arduino-iot-js';",
    '',
    'const client = await ArduinoIoTCloud.connect({',
    `  host: '${facts.host}',`,
    `  port: ${facts.port},`,
    `  deviceId: '${facts.deviceId}',`,
    `  secretKey: '${facts.secret}',`,
    '  onDisconnect: (message) => console.error(message),',
    '});',
    ...simple
      .filter((v) => v.permission === 'READ_WRITE')
      .map((v) => `client.onPropertyValue('${v.variable_name}', (value) => console.log('${v.variable_name} is now', value));`),
    ...simple
      .filter((v) => v.permission === 'READ_ONLY')
      .map((v) => {
        const declaration = declarations[v.type] ?? '';
        const value =
          declaration === 'bool'
            ? 'Date.now() % 10000 < 5000'
            : declaration === 'String'
              ? 'new Date().toISOString()'
              : declaration === 'int'
                ? 'Math.floor(Date.now() / 1000) % 1000'
                : '20 + 10 * Math.random()';
        return `setInterval(() => client.sendProperty('${v.variable_name}', ${value}), 5000);`;
      }),
  ];
  return [{ name: 'board.mjs', language: 'javascript', content: `${content.join('\n')}\n` }];
}

/** @typedef {{key: string, text: string, command?: string}} Step */

/**
 * The commands of the vendor's tool that make a Particle board look for this server.
 * @param {{transport: 'tcp'|'udp', host: string, port: number}} facts
 * @returns {{file: string, bare: string, dfu: string, write: string, byHand: string, restart: string}}
 */
export function particleCommands({ transport, host, port }) {
  const file = transport === 'tcp' ? 'particle_rsa.der' : 'particle_ec.der';
  const bare = transport === 'tcp' ? 'server_rsa.pub.der' : 'server_ec.pub.der';
  const usual = transport === 'tcp' ? 5683 : 5684;
  return {
    file,
    bare,
    dfu: 'particle usb dfu',
    write: `particle keys server ${file}`,
    byHand: `particle keys server ${bare} --host ${host}${port === usual ? '' : ` --port ${port}`}`,
    restart: 'particle usb reset',
  };
}
