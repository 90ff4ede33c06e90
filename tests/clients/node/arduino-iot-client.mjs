// A script of a person: `@arduino/arduino-iot-client`, unmodified, as its README shows it.

import { createRequire } from 'node:module';

import { obey } from './orders.mjs';

const ArduinoIotClient = createRequire(import.meta.url)('@arduino/arduino-iot-client');

const client = ArduinoIotClient.ApiClient.instance;

class Failed extends Error {
  constructor(message, details) {
    super(message);
    this.details = details;
  }
}

obey({
  token: async ({ url, id, secret }) => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
      audience: 'https://api2.arduino.cc/iot',
    });
    const response = await fetch(url, { method: 'POST', body });
    if (!response.ok) throw new Failed(`status ${response.status}`, { status: response.status });
    return (await response.json()).access_token;
  },
  use: ({ base, token }) => {
    client.basePath = base;
    client.authentications.oauth2.accessToken = token;
  },
  call: async ({ api, operation, args }) => {
    try {
      return await new ArduinoIotClient[api](client)[operation](...args);
    } catch (error) {
      throw new Failed(error.message, { status: error.status ?? null, body: error.response?.body ?? null });
    }
  },
});
