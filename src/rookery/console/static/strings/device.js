/** Words of the page of one board. */
export const t = {
  title: 'Device',
  missing: 'This board does not exist, or it belongs to somebody else.',
  tabs: { label: 'Parts of this page', overview: 'Overview', events: 'Events', vitals: 'Vitals', connections: 'Connections' },
  actions: {
    menu: 'Actions', rename: 'Rename', ping: 'Ping', signal: 'Signal with its LED', quiet: 'Stop signalling',
    secret: 'New secret key', flash: 'Send firmware', unclaim: 'Unclaim', remove: 'Delete', connect: 'How to connect it',
  },
  ping: {
    there: (/** @type {number} */ ms) => `It answered after ${ms} ms.`,
    away: 'It did not answer: it is not connected.',
  },
  signal: { on: 'Its LED shows all colours in turn now.', off: 'Its LED is as before.' },
  rename: { title: 'Rename this board', field: 'Name', hint: 'Commands and addresses of the Particle API may use the name instead of the id.', do: 'Rename', done: 'Renamed.' },
  head: {
    line: (/** @type {string} */ model, /** @type {string} */ dialect) => `${model} · ${dialect}`,
    never: 'Never connected', waiting: 'It has not connected yet.', setUp: 'Show me how',
  },
  facts: {
    title: 'About this board', id: 'Device id', hex: 'Particle id', hexAlso: 'Id under /v1', model: 'Model', product: 'Product', groups: 'Groups', thing: 'Thing',
    noThing: 'None', owner: 'Owner', address: 'Last address', link: 'Link', heard: 'Last heard', serial: 'Serial number', fqbn: 'FQBN',
    created: 'Added', attach: 'Attach a thing', none: 'None',
  },
  firmware: {
    title: 'Firmware', none: 'The board has not said what runs on it yet.', lib_version: 'Library', wifi_fw_version: 'Radio firmware',
    sketch_sha256: 'Sketch hash', ota: 'Over the air', firmware_product: 'Product number', cellfw: 'Modem firmware', system_version: 'Device OS', firmware_version: 'Product firmware', desired_version: 'Wanted version',
    network: 'Network', imei: 'IMEI', iccid: 'ICCID', safe_mode: 'Safe mode', updates_enabled: 'Takes updates', yes: 'Yes', no: 'No',
    send: 'Send firmware',
  },
  notes: { title: 'Notes', empty: 'Nothing written down yet.', field: 'Notes', edit: 'Edit notes', save: 'Save notes', done: 'Saved.' },
  tags: {
    title: 'Tags', empty: 'No tags.', add: 'Add tag', key: 'Key', value: 'Value', hint: 'Letters, digits and . _ @ -', done: 'Tag set.',
    bad: 'Letters, digits and . _ @ - only, up to 64 of them.',
    removed: (/** @type {string} */ key) => `Tag ${key} removed.`,
  },
  values: {
    title: 'Live values', noThing: 'This board feeds no thing, so there are no variables to show.', attach: 'Attach a thing',
    empty: 'Its thing has no variables yet.', define: 'Add variables', never: 'No value yet', hour: 'Last hour',
    set: 'Set', send: 'Send', cancel: 'Cancel',
    setting: (/** @type {string} */ name) => `New value of ${name}`,
    toggle: (/** @type {string} */ name) => `Switch ${name}`,
    pending: 'Waiting for the board', unconfirmed: 'Not confirmed by the board', again: 'Send again', sent: 'Sent',
    badNumber: 'Write a number.', on: 'On', off: 'Off', old: 'As of the lost connection', edit: 'Edit',
  },
  variables: {
    title: 'Variables', line: 'Read from the board when you ask.', name: 'Name', type: 'Type', value: 'Value', get: 'Get', all: 'Get all',
    none: 'The board offers no variables. In its firmware: Particle.variable("name", value).',
    getOne: (/** @type {string} */ name) => `Get ${name}`, asked: 'Not asked yet', away: 'The board is not connected.',
  },
  functions: {
    title: 'Functions', line: 'Called on the board; it answers with a whole number.', call: 'Call',
    none: 'The board offers no functions. In its firmware: Particle.function("name", handler).',
    argument: (/** @type {string} */ name) => `Argument of ${name}`, placeholder: 'Argument',
    callOne: (/** @type {string} */ name) => `Call ${name}`,
    returned: 'returned', failed: 'failed',
  },
  events: {
    title: 'Events of this board', empty: 'No event of this board yet. What it publishes shows here at once.',
    example: 'Particle.publish("greenhouse/door", "open")', exampleArduino: 'Changes of its variables show here as events.',
    name: 'Event', data: 'Data', time: 'Time', pause: 'Pause', go: 'Go on', search: 'Filter by name',
    waiting: (/** @type {number} */ n) => `${n} new`, more: 'Show older', noData: 'No data', all: 'All events', filtered: 'No event with this name.',
    clear: 'Show all', open: 'Show the event',
    kind: 'Content type', binary: (/** @type {number} */ n) => `${n} bytes`,
  },
  vitals: {
    title: 'Vitals', last: 'Newest record', refresh: 'Ask for new vitals', csv: 'CSV', none: 'The board has not sent vitals yet. Ask for some, or wait: boards send them by themselves now and then.',
    asked: 'The board was asked. Its answer shows here when it comes.', range: 'Time range', history: 'History',
    ranges: { '1h': '1 hour', '24h': '24 hours', '7d': '7 days', '30d': '30 days' }, all: 'All values', name: 'Measurement', value: 'Value',
    noHistory: 'No record in this time.', error: 'could not be read', arduino: 'Arduino boards send no vitals.',
    chart: {
      signal: 'Signal', memory: 'Memory used', battery: 'Battery', round: 'Round trip', uptime: 'Uptime', disconnects: 'Cloud disconnects',
    },
  },
  connections: {
    title: 'Connections', empty: 'It has never tried to connect.', time: 'Time', what: 'What', how: 'How', from: 'From', reason: 'Reason',
    kind: { connected: 'Connected', disconnected: 'Disconnected', refused: 'Refused' }, none: '–', more: 'Show older',
    filter: 'Show', any: 'Everything', setUp: 'How to connect it',
  },
  secret: {
    title: 'Make a new secret key?', line: 'The old key stops working at once. The board is disconnected, and comes back when the new key is in its sketch.',
    do: 'Make new key', shown: 'New secret key', id: 'Device id', key: 'Secret key', none: 'This board has no secret key: it shows a certificate.',
    done: 'The new key holds from now on.',
  },
  flash: {
    title: 'Send firmware', line: 'One compiled binary (.bin) for this board. There is no compiler here: build it with the vendor\'s tools.',
    file: 'Firmware file', do: 'Send', stepSend: 'Sent to the server', stepAgree: 'The board takes it', stepDone: 'The board has all of it',
    stepBack: 'Connected again after the restart', away: 'The board is not connected. Firmware can only be sent to a board that is there.',
    bad: 'This is no firmware: choose the .bin file that the compiler made.', large: 'That file is larger than any board can hold.',
    failed: 'The board broke the update off and goes on with what it had.', slow: 'This takes one to five minutes.',
    sent: 'Firmware is on its way.', done: 'The board runs the new firmware.', close: 'Close', again: 'Try again', empty: 'This file is empty.',
  },
  remove: {
    title: (/** @type {string} */ name) => `Delete ${name}?`,
    arduino: 'Its secret key and certificates stop working, and it is disconnected.',
    thing: (/** @type {string} */ name) => `Its thing ${name} stays, with its history, and has no board then.`,
    do: 'Delete board', done: 'Deleted.',
    unclaimTitle: (/** @type {string} */ name) => `Unclaim ${name}?`,
    unclaim: 'The board belongs to nobody then. It stays connected, and whoever has it can claim it again.',
    unclaimThing: 'Its thing stays yours, and has no board then.', unclaimDo: 'Unclaim board', unclaimDone: 'Unclaimed.',
  },
};
export default t;
