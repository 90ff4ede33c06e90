// A program of a person, or a board: `arduino-iot-js`, unmodified. Sessions have names; several may live side by side.

import { createRequire } from 'node:module';

import { obey, say } from './orders.mjs';

const { ArduinoIoTCloud } = createRequire(import.meta.url)('arduino-iot-js');

const sessions = new Map();

obey({
  connect: async ({ session, options }) => {
    sessions.set(session, await ArduinoIoTCloud.connect(options));
  },
  // With a thing for a person's session, without for a board's.
  watch: ({ session, thing, name }) => {
    const tell = (value) => say({ event: 'value', session, name, value: value ?? null });
    const client = sessions.get(session);
    if (thing) client.onPropertyValue(thing, name, tell);
    else client.onPropertyValue(name, tell);
  },
  send: ({ session, thing, name, value }) => {
    const client = sessions.get(session);
    return thing ? client.sendProperty(thing, name, value) : client.sendProperty(name, value);
  },
  disconnect: ({ session }) => sessions.get(session).disconnect(),
});
