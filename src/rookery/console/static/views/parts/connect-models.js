/**
 * Which boards can be connected, and what is different about each of them.
 *
 * Arduino families come from the server; this table adds what a person needs to know to connect one: how it proves who
 * it is, which program it runs, under which name `rookery ca` knows where it keeps authorities. A family that the
 * server has and this table has not is offered as well, with the way that fits most boards.
 */

/**
 * @typedef {object} Model
 * @property {string} key          unique, also in the address
 * @property {'arduino'|'particle'} vendor
 * @property {string} group        key of a heading in the strings
 * @property {string} label
 * @property {string} [also]       other words to find it by
 * @property {string} [type]       Arduino: the device type of the API
 * @property {string} [fqbn]
 * @property {string} [trust]      Arduino: the name that `rookery ca board` knows
 * @property {'secret'|'certificate'} [login]
 * @property {'cpp'|'python'|'micropython'|'node'} [language]
 * @property {'wifi'|'gsm'|'nb'|'ethernet'} [link]
 * @property {number} [platform]   Particle
 * @property {'tcp'|'udp'} [transport]
 * @property {boolean} [cellular]
 */

/** @typedef {{type: string, label: string, sketch: boolean, updatable: boolean}} Family */
/** @typedef {{id: number, name: string, family: string, cellular: boolean, transport: 'tcp'|'udp'}} Platform */
/** @typedef {{arduino: Family[], trust: string[], particle: Platform[]}} Boards */

/** @type {(key: string, label: string, type: string, fqbn: string, link?: Model['link'], also?: string) => Model} */
const withCertificate = (key, label, type, fqbn, link = 'wifi', also = '') => ({
  key,
  vendor: 'arduino',
  group: 'certificate',
  label,
  also,
  type,
  fqbn,
  trust: type,
  login: 'certificate',
  language: 'cpp',
  link,
});

/** @type {(key: string, label: string, type: string, fqbn: string, trust: string, also?: string) => Model} */
const withSecret = (key, label, type, fqbn, trust, also = '') => ({
  key,
  vendor: 'arduino',
  group: 'secret',
  label,
  also,
  type,
  fqbn,
  trust,
  login: 'secret',
  language: 'cpp',
  link: 'wifi',
});

/** @type {(key: string, label: string, type: string, language: Model['language'], trust: string, also?: string) => Model} */
const program = (key, label, type, language, trust, also = '') => ({
  key,
  vendor: 'arduino',
  group: 'program',
  label,
  also,
  type,
  fqbn: 'generic:generic:generic',
  trust,
  login: 'secret',
  language,
});

/** @type {Model[]} */
export const ARDUINO = [
  withSecret('esp32', 'ESP32', 'login_and_secretkey_wifi', 'esp32:esp32:esp32', 'esp32', 'espressif wroom s3 c3'),
  withSecret('esp8266', 'ESP8266', 'login_and_secretkey_wifi', 'esp8266:esp8266:generic', 'esp8266', 'nodemcu wemos d1'),
  withSecret('unor4wifi', 'UNO R4 WiFi', 'unor4wifi', 'arduino:renesas_uno:unor4wifi', 'unor4wifi'),
  withSecret('nano_nora', 'Nano ESP32', 'nano_nora', 'arduino:esp32:nano_nora', 'nano_nora'),
  withSecret('rpipicow', 'Raspberry Pi Pico W', 'login_and_secretkey_wifi', 'rp2040:rp2040:rpipicow', 'rpipicow', 'rp2040'),
  {
    ...withSecret('edge_control', 'Edge Control', 'login_and_secretkey_wifi', 'arduino:mbed_edge:edge_control', 'edge_control'),
    link: 'gsm',
  },
  program('python', 'Python on a computer', 'generic_device_secretkey', 'python', 'python', 'raspberry pi linux mac windows'),
  program('micropython', 'MicroPython board', 'generic_device_secretkey', 'micropython', 'micropython', 'pico esp32'),
  program('nodejs', 'JavaScript with Node.js', 'generic_device_secretkey', 'node', 'nodejs', 'js'),
  program('portenta_x8', 'Portenta X8', 'portenta_x8', 'python', 'python', 'linux'),
  program('unoq', 'UNO Q', 'unoq', 'python', 'python', 'linux'),
  withCertificate('mkrwifi1010', 'MKR WiFi 1010', 'mkrwifi1010', 'arduino:samd:mkrwifi1010'),
  withCertificate('nano_33_iot', 'Nano 33 IoT', 'nano_33_iot', 'arduino:samd:nano_33_iot'),
  withCertificate('nanorp2040connect', 'Nano RP2040 Connect', 'nanorp2040connect', 'arduino:mbed_nano:nanorp2040connect'),
  withCertificate('opta', 'Opta', 'opta', 'arduino:mbed_opta:opta', 'wifi', 'plc'),
  withCertificate('giga', 'GIGA R1 WiFi', 'giga', 'arduino:mbed_giga:giga'),
  withCertificate('envie_m7', 'Portenta H7', 'envie_m7', 'arduino:mbed_portenta:envie_m7'),
  withCertificate('portenta_c33', 'Portenta C33', 'portenta_c33', 'arduino:renesas_portenta:portenta_c33'),
  withCertificate('nicla_vision', 'Nicla Vision', 'nicla_vision', 'arduino:mbed_nicla:nicla_vision'),
  withCertificate('mkr1000', 'MKR WiFi 1000', 'mkr1000', 'arduino:samd:mkr1000'),
  withCertificate('mkrgsm1400', 'MKR GSM 1400', 'mkrgsm1400', 'arduino:samd:mkrgsm1400', 'gsm', 'cellular'),
  withCertificate('mkrnb1500', 'MKR NB 1500', 'mkrnb1500', 'arduino:samd:mkrnb1500', 'nb', 'cellular'),
];

/** @type {Record<string, string>} Names on the box, by the name of the platform. */
const PARTICLE_NAMES = {
  core: 'Core',
  photon: 'Photon',
  p1: 'P1',
  electron: 'Electron, E Series',
  argon: 'Argon',
  boron: 'Boron',
  xenon: 'Xenon',
  esomx: 'E SoM X',
  asom: 'A SoM',
  bsom: 'B SoM (B402, B404)',
  xsom: 'X SoM',
  b5som: 'B5 SoM (B504, B524)',
  tracker: 'Tracker One, Tracker SoM, Monitor One',
  trackerm: 'Tracker M',
  p2: 'Photon 2, P2',
  msom: 'M SoM, Muon',
  electron2: 'Electron 2',
  tachyon: 'Tachyon',
  raspberrypi: 'Raspberry Pi',
  linux: 'Linux device',
  gcc: 'Virtual device (gcc)',
  'digistump-oak': 'Digistump Oak',
  'redbear-duo': 'RedBear Duo',
  bluz: 'Bluz',
};
/** The order of the newest group. */
const NEWEST = ['p2', 'msom', 'electron2', 'trackerm', 'tachyon'];
const INTERNAL = new Set(['esp32', 'sulu', 'bluz']);

/**
 * What the platform is called on its box.
 * @param {string} name
 */
export const platformLabel = (name) => PARTICLE_NAMES[name] ?? name;

/**
 * @param {Platform} platform
 * @returns {Model}
 */
function particleModel(platform) {
  return {
    key: `particle-${platform.name}`,
    vendor: 'particle',
    group: particleGroup(platform),
    label: platformLabel(platform.name),
    also: `${platform.name} ${platform.cellular ? 'cellular' : 'wifi'}`,
    platform: platform.id,
    transport: platform.transport,
    cellular: platform.cellular,
  };
}

/** @param {Platform} platform */
function particleGroup(platform) {
  if (platform.family === 'gen 1' || platform.family === 'gen 2') return 'gen2';
  if (platform.family === 'gen 3') return 'gen3';
  if (NEWEST.includes(platform.name)) return 'gen4';
  return 'other';
}

/**
 * The models that this server knows, in the order in which they are shown.
 * @param {Boards} boards
 * @returns {Model[]}
 */
export function modelsOf(boards) {
  const families = new Map(boards.arduino.map((family) => [family.type, family]));
  const known = ARDUINO.filter((model) => families.has(model.type ?? ''));
  const covered = new Set(known.map((model) => model.type));
  const others = boards.arduino
    .filter((family) => !covered.has(family.type) && family.sketch)
    .map((family) => ({
      ...withSecret(family.type, family.label, family.type, '', 'esp32'),
      group: 'secret',
    }));
  const particle = boards.particle.filter((platform) => !INTERNAL.has(platform.name)).map(particleModel);
  const order = ['gen4', 'gen3', 'gen2', 'other'];
  const place = (/** @type {Model} */ model) => NEWEST.indexOf(model.key.replace('particle-', ''));
  particle.sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group) || place(a) - place(b));
  return [...known, ...others, ...particle];
}

/**
 * Models of one vendor that match what was typed, by group.
 * @param {Model[]} models
 * @param {string} vendor
 * @param {string} typed
 * @returns {[string, Model[]][]}
 */
export function grouped(models, vendor, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  /** @type {Map<string, Model[]>} */
  const groups = new Map();
  for (const model of models) {
    const text = `${model.label} ${model.also ?? ''} ${model.key} ${model.fqbn ?? ''}`.toLowerCase();
    if (model.vendor !== vendor || !words.every((word) => text.includes(word))) continue;
    groups.set(model.group, [...(groups.get(model.group) ?? []), model]);
  }
  return [...groups];
}

/**
 * The model of a board that is there already.
 * @param {Model[]} models
 * @param {{dialect: string, type: string, fqbn?: string|null, platform?: number|string|null}} device
 * @returns {Model|undefined}
 */
export function modelOfDevice(models, device) {
  if (device.dialect === 'particle') {
    return (
      models.find((model) => model.vendor === 'particle' && model.platform === Number(device.platform)) ??
      models.find((model) => model.vendor === 'particle')
    );
  }
  const sketches = models.filter((model) => model.vendor === 'arduino' && model.language === 'cpp');
  const [maker, core, board] = (device.fqbn ?? '').split(':');
  return (
    sketches.find((model) => board && board !== 'generic' && model.fqbn?.split(':')[2] === board) ??
    sketches.find((model) => core && core !== 'generic' && maker !== 'arduino' && model.fqbn?.startsWith(`${maker}:${core}:`)) ??
    models.find((model) => model.vendor === 'arduino' && model.type === device.type) ??
    models.find((model) => model.key === 'esp32')
  );
}
