// A script of a person: `particle-api-js`, unmodified, as its README shows it.

import { createRequire } from 'node:module';

import { obey, say } from './orders.mjs';

const Particle = createRequire(import.meta.url)('particle-api-js');

let particle;
const streams = new Map();

class Failed extends Error {
  constructor(message, details) {
    super(message);
    this.details = details;
  }
}

// What a method of the client throws, as far as a program can see it.
function failed({ message, errorDescription, shortErrorDescription, statusCode, body }) {
  const { response, ...seen } = body ?? {};
  return new Failed(message ?? errorDescription, {
    status: statusCode ?? null,
    short: shortErrorDescription ?? null,
    body: seen,
  });
}

// Bytes go to and fro as base64: `{"$bytes": …}`.
const bytes = (_, value) => (value?.$bytes === undefined ? value : Buffer.from(value.$bytes, 'base64'));

obey({
  use: ({ options }) => {
    particle = new Particle(options);
    particle.setContext('tool', { name: 'rookery-tests', version: '1.0.0' });
    particle.setContext('project', { name: 'clients' });
  },
  methods: () => Object.getOwnPropertyNames(Particle.prototype),
  call: async ({ method, arguments: given }) => {
    try {
      const answer = await particle[method](JSON.parse(JSON.stringify(given), bytes));
      if (Buffer.isBuffer(answer)) return { status: 200, body: answer.toString('base64') };
      return { status: answer.statusCode, body: answer.body };
    } catch (error) {
      throw failed(error);
    }
  },
  // Answers when the stream is open; what it says are events of the test.
  stream: async ({ stream: name, arguments: given }) => {
    try {
      const stream = await particle.getEventStream(given);
      streams.set(name, stream);
      stream.on('event', (seen) => say({ event: 'event', stream: name, ...seen }));
      stream.on('disconnect', () => say({ event: 'disconnect', stream: name }));
    } catch (error) {
      throw failed(error);
    }
  },
  abort: ({ stream }) => streams.get(stream).abort(),
});
