import assert from 'node:assert/strict'
import test from 'node:test'
import { grouped, modelOfDevice, modelsOf } from '../../../src/rookery/console/static/views/parts/connect-models.js'
import { addressForBoards, hostOf, hostsOf, isLoopback, isOn, portOf } from '../../../src/rookery/console/static/views/parts/connect-address.js'
import { particleCommands, programOf, sketchName } from '../../../src/rookery/console/static/views/parts/connect-snippets.js'
import { handlerOf, symbolOf, thingHeader } from '../../../src/rookery/console/static/views/parts/thing-header.js'
import { findTypes } from '../../../src/rookery/console/static/views/parts/thing-model.js'
import { at, leaves, seriesOf } from '../../../src/rookery/console/static/views/parts/vitals-model.js'

const BOARDS = {
  arduino: [
    { type: 'login_and_secretkey_wifi', label: 'Generic device', sketch: true, updatable: true },
    { type: 'generic_device_secretkey', label: 'Generic device', sketch: false, updatable: false },
    { type: 'opta', label: 'Arduino Opta', sketch: true, updatable: true },
    { type: 'tomorrow', label: 'Board of tomorrow', sketch: true, updatable: true },
  ],
  trust: ['esp32', 'opta', 'python'],
  particle: [
    { id: 6, name: 'photon', family: 'gen 2', cellular: false, transport: 'tcp' },
    { id: 32, name: 'p2', family: 'RTL872x', cellular: false, transport: 'udp' },
    { id: 38, name: 'sulu', family: '', cellular: true, transport: 'udp' },
  ],
}

const variable = (name, type, permission, rest = {}) => (
  { name, variable_name: name, type, permission, update_strategy: 'ON_CHANGE', ...rest }
)
const DECLARATIONS = { FLOAT: 'float', STATUS: 'bool', CHARSTRING: 'String', COLOR_HSB: 'CloudColor', GENERIC_COMPLEX_PROPERTY: '?' }
const VARIABLES = [
  variable('level', 'FLOAT', 'READ_ONLY', { update_parameter: 0.5 }),
  variable('rate', 'FLOAT', 'READ_ONLY', { update_strategy: 'TIMED', update_parameter: 10 }),
  variable('led', 'STATUS', 'READ_WRITE'),
  variable('tint', 'COLOR_HSB', 'READ_WRITE'),
  variable('blob', 'GENERIC_COMPLEX_PROPERTY', 'READ_WRITE'),
]

test('models that the server does not know are not offered, those of tomorrow are', () => {
  const models = modelsOf(BOARDS)
  const keys = models.map((model) => model.key)
  assert.ok(keys.includes('esp32') && keys.includes('opta') && keys.includes('tomorrow') && keys.includes('particle-p2'))
  assert.ok(!keys.includes('giga') && !keys.includes('particle-sulu'))
  assert.deepEqual(grouped(models, 'particle', '').map(([group]) => group), ['gen4', 'gen2'])
  assert.deepEqual(grouped(models, 'arduino', 'pico rp2040').flatMap(([, found]) => found.map((model) => model.key)), ['rpipicow'])
})

test('the model of a board is found by its name, its family, or the plainest', () => {
  const models = modelsOf(BOARDS)
  const key = (device) => modelOfDevice(models, { dialect: 'arduino', ...device })?.key
  assert.equal(key({ type: 'login_and_secretkey_wifi', fqbn: 'esp8266:esp8266:generic' }), 'esp8266')
  assert.equal(key({ type: 'opta', fqbn: null }), 'opta')
  assert.equal(key({ type: 'generic_device_secretkey', fqbn: 'generic:generic:generic' }), 'python')
  assert.equal(key({ type: 'unheard of', fqbn: 'a:b:c' }), 'esp32')
  assert.equal(modelOfDevice(models, { dialect: 'particle', type: 'photon', platform: 6 })?.key, 'particle-photon')
})

test('the header declares, registers and announces what the thing has', () => {
  const text = thingHeader({ variables: VARIABLES, declarations: DECLARATIONS, deviceId: 'id-1' })
  assert.match(text, /const char DEVICE_LOGIN_NAME\[\] = "id-1";/)
  assert.match(text, /addProperty\(level, Permission::Read\)\.publishOnChange\(0\.5\);/)
  assert.match(text, /addProperty\(rate, Permission::Read\)\.publishEvery\(10 \* SECONDS\);/)
  assert.match(text, /addProperty\(led, Permission::ReadWrite\)\.onUpdate\(onLedChange\)\.onSync\(CLOUD_WINS\);/)
  assert.match(text, /^void onTintChange\(\);$/m)
  assert.match(text, /blob: the library has no class/)
  assert.doesNotMatch(text, /addProperty\(blob/)
  const other = thingHeader({ variables: [], declarations: {}, login: 'certificate', link: 'gsm' })
  assert.doesNotMatch(other, /SecretDeviceKey/)
  assert.match(other, /GSMConnectionHandler/)
})

test('no name of people gets into a program', () => {
  const bad = variable('x; system("rm")', 'FLOAT', 'READ_ONLY')
  assert.doesNotMatch(thingHeader({ variables: [bad], declarations: DECLARATIONS }), /system/)
  assert.equal(sketchName('../../etc "; rm'), 'etc_rm')
  assert.equal(sketchName('漢字'), 'Board')
  assert.equal(sketchName('9 lives'), 'Board_9_lives')
  assert.equal(symbolOf('1 Luft °C'), '_1_Luft__C')
  assert.equal(handlerOf('air_temp'), 'onAirTempChange')
})

test('each language gets its files, with the server and the keys in them', () => {
  const facts = { host: 'cloud.example', port: 8884, deviceId: 'id-1', secret: 'key-1', name: 'Attic', variables: VARIABLES, declarations: DECLARATIONS }
  const names = { cpp: ['arduino_secrets.h', 'thingProperties.h', 'Attic.ino'], python: ['board.py'], micropython: ['secrets.py', 'main.py'], node: ['board.mjs'] }
  for (const [language, expected] of Object.entries(names)) {
    const files = programOf({ ...facts, model: { language, login: 'secret', link: 'wifi' } })
    assert.deepEqual(files.map((file) => file.name), expected)
    const all = files.map((file) => file.content).join('\n')
    for (const word of ['cloud.example', '8884', 'id-1', 'key-1', 'level']) assert.ok(all.includes(word), `${language} lacks ${word}`)
  }
  const [python] = programOf({ ...facts, model: { language: 'python' } })
  assert.match(python.content, /from arduino_iot_cloud import ArduinoCloudClient, Color$/m)
  assert.match(python.content, /client\.register\("led", value=None, on_write=on_led\)/)
})

test('a Particle board is given a file, and a port where it is not the usual one', () => {
  assert.equal(particleCommands({ transport: 'udp', host: 'h', port: 5684 }).byHand, 'particle keys server server_ec.pub.der --host h')
  assert.equal(particleCommands({ transport: 'tcp', host: 'h', port: 6000 }).byHand, 'particle keys server server_rsa.pub.der --host h --port 6000')
})

test('addresses and ports are those of the session, or the usual ones', () => {
  const server = { url: '', secure_url: '', ports: { mqtts_port: [18884], mqtts_cert_ports: [8885, 8883], particle_udp_port: [] }, hosts: ['cloud.example'] }
  assert.equal(hostOf(server, 'localhost'), 'cloud.example')
  assert.deepEqual(hostsOf(server, 'localhost'), ['cloud.example', 'localhost'])
  assert.equal(hostOf({ ...server, hosts: [] }, '10.0.0.5'), '10.0.0.5')
  assert.equal(portOf(server.ports, 'mqtts'), 18884)
  assert.equal(portOf(server.ports, 'mqtts_cert'), 8885)
  assert.equal(portOf(server.ports, 'particle_tcp'), 5683)
  assert.equal(isOn(server.ports, 'particle_udp'), false)
  for (const host of ['localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0']) assert.ok(isLoopback(host), host)
  for (const host of ['cloud.example', '192.168.1.2', 'localhostess.example']) assert.ok(!isLoopback(host), host)
})

test('boards are given an address of the machine that is not their own', () => {
  assert.equal(addressForBoards(['nest', 'fe80::1', '127.0.0.1', '192.168.1.20', '10.0.0.5']), '192.168.1.20')
  assert.equal(addressForBoards(['nest', '::1']), undefined)
})

test('types are found by title, unit, C++ type and plain words, older ones last', () => {
  const type = (name, title, declaration, rest = {}) => ({ type: name, name: title, declaration, deprecated: false, rw: true, units: [], ...rest })
  const types = [
    type('TEMPERATURE_C', 'Temperature (°C)', 'CloudTemperature', { deprecated: true, units: ['°C'] }),
    type('TEMPERATURE', 'Temperature', 'CloudTemperature', { units: ['°C', 'K'] }),
    type('FLOAT', 'Floating point number', 'float'), type('STATUS', 'Boolean', 'bool'), type('COLOR_HSB', 'Color', 'CloudColor'),
  ]
  const found = (typed) => findTypes(types, typed).map((each) => each.type)
  assert.deepEqual(found('temp'), ['TEMPERATURE', 'TEMPERATURE_C'])
  assert.deepEqual(found('switch'), ['STATUS'])
  assert.deepEqual(found('colour'), ['COLOR_HSB'])
  assert.deepEqual(found('decimal number'), ['FLOAT'])
  assert.deepEqual(found('zzz'), [])
})

test('vitals are read as rows and as series', () => {
  const payload = { device: { network: { signal: { strength: 70, strength_units: '%', at: 'Wi-Fi' } }, power: { battery: { charge: { err: -210 } } } } }
  assert.deepEqual(leaves(payload), [
    { path: 'device.network.signal.strength', value: 70, unit: '%' }, { path: 'device.network.signal.at', value: 'Wi-Fi', unit: '' },
    { path: 'device.power.battery.charge', value: { err: -210 }, unit: '%' },
  ])
  assert.equal(at(payload, 'device.network.signal.strength'), 70)
  assert.equal(at(payload, 'device.nothing.here'), undefined)
  const records = [{ updated_at: '2026-01-02T03:04:05.000Z', payload }, { updated_at: '2026-01-02T03:05:05.000Z', payload: {} }]
  assert.deepEqual(seriesOf(records, 'device.network.signal.strength'), [[Date.parse('2026-01-02T03:04:05.000Z'), 70]])
})
