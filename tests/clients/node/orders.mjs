// How a script here talks with its test: lines of JSON, described in ../program.py.

import { createInterface } from 'node:readline';

export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

// What a client throws where nobody can catch it would end a user's program. Here it is told to the test.
process.on('uncaughtException', (error) => say({ event: 'uncaught', error: error.message }));
process.on('unhandledRejection', (error) => say({ event: 'uncaught', error: error?.message ?? String(error) }));

// Obeys the orders of the test with the functions of `orders`, until standard input ends.
export function obey(orders) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', async (line) => {
    const { order: answer, do: word, ...details } = JSON.parse(line);
    try {
      say({ answer, result: (await orders[word](details)) ?? null });
    } catch (error) {
      say({ answer, error: error?.message ?? String(error), ...error?.details });
    }
  });
  lines.on('close', () => process.exit(0));
}
