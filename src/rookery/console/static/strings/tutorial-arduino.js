/** The steps of the Arduino track: what each does and why, and its ways. */

/** @type {Record<string, import('./tutorial-particle.js').StepText>} */
export default {
  token: {
    title: 'Trade a key for a token',
    what: [
      'Programs log in with an API key: an id and a secret. They trade both for a token that works for five minutes, and ask again when it has run out.',
      'The audience is the one that all clients send; this server takes any.',
    ],
  },
  devices: {
    title: 'List your boards',
    what: [
      'All boards that you may see, with their type, their connection and the thing that each of them feeds.',
      'A thing is what a board means: its variables live there, so a broken board can be replaced without losing anything.',
    ],
  },
  things: {
    title: 'List your things',
    what: [
      'A thing is a named set of properties. With show_properties each of them comes with its last value.',
      'Without a token the answer is a refusal with the status 401.',
    ],
    ways: { with: 'With the token', without: 'Without a token' },
  },
  create: {
    title: 'Create a thing with properties',
    what: [
      'One call makes the thing and its variables: a number, a switch and a text. Each has a type, and says whether the cloud may write it.',
      'Creating is a PUT on the list here, changing is a POST on the item: a habit of this API that takes getting used to.',
    ],
  },
  properties: {
    title: 'Look at the properties',
    what: [
      'Each property has an id, which values and history hang on, and a variable name, which sketches use.',
      'last_value is missing until there is one.',
    ],
  },
  publish: {
    title: 'Write a value',
    what: [
      'The value is stored, sent to the board if there is one, and shown on every dashboard that is open.',
      'The answer is 200 with nothing in it. A value that does not fit the type is refused with a sentence that says why: try a text for a number.',
    ],
  },
  last: {
    title: 'Read the last value',
    what: [
      'The property again, now with last_value and the time it is from.',
      'The server knows it even while the board is away, so this answers at once.',
    ],
  },
  batch: {
    title: 'Send values that are older',
    what: [
      'A logger that was out of reach brings what it has measured later: each value with the time it was taken.',
      'Here are twelve values of the last hour. They go into the history without changing what is newest.',
    ],
  },
  series: {
    title: 'Ask for the history',
    what: [
      'Raw gives each value as it was stored. Bins give one number for each stretch of time: the average, the largest, a percentile.',
      'One request may ask for many properties at once; the answers come in the same order.',
    ],
    ways: { raw: 'Raw values', bins: 'Bins of ten minutes', last: 'Last values' },
  },
  mqtt: {
    title: 'Follow it live over MQTT',
    what: [
      'A program that stays connected hears each value as it arrives and writes without asking for a token each time. These two are whole programs: fetch the certificate, install, run.',
      'Below is what this page hears over its own live connection. Write a value here, or run a program, and watch it come in.',
    ],
  },
  tidy: {
    title: 'Tidy up',
    what: [
      'Delete the thing that you have made, for good, and then the key of the tutorial.',
      'A key can delete itself; its tokens end with it.',
    ],
    ways: { thing: '1. Delete the thing', key: '2. Delete the key' },
  },
};
