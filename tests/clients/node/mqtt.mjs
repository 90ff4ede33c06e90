// An ordinary MQTT client: the npm package `mqtt`, unmodified. Connections have names.

import mqtt from 'mqtt';

import { obey, say } from './orders.mjs';

const connections = new Map();

obey({
  // Answers with the code of the CONNACK and whether the server had kept the session.
  connect: ({ name, url, options }) =>
    new Promise((resolve, reject) => {
      const connection = mqtt.connect(url, { reconnectPeriod: 0, ...options });
      connections.set(name, connection);
      connection.on('connect', ({ returnCode, sessionPresent }) => resolve({ returnCode, sessionPresent }));
      connection.on('error', (error) => reject(Object.assign(error, { details: { code: error.code ?? null } })));
      connection.on('message', (topic, payload, { qos, retain }) =>
        say({ event: 'message', name, topic, payload: payload.toString(), qos, retain }),
      );
      connection.on('close', () => {
        reject(new Error('closed'));
        say({ event: 'closed', name });
      });
    }),
  // Answers with what the server granted for each filter; 128 is a refusal.
  subscribe: ({ name, filter, qos }) =>
    new Promise((resolve, reject) => {
      connections.get(name).subscribe(filter, { qos }, (error, granted, packet) => {
        if (packet) resolve(packet.granted);
        else if (error) reject(error);
        else resolve(granted.map((one) => one.qos));
      });
    }),
  unsubscribe: ({ name, filter }) => connections.get(name).unsubscribeAsync(filter).then(() => null),
  // Answers when the exchange of its QoS is over.
  publish: ({ name, topic, payload, qos, retain }) =>
    connections.get(name).publishAsync(topic, payload, { qos, retain }).then(() => null),
  // Says goodbye.
  end: ({ name }) => connections.get(name).endAsync(),
  // Just goes away.
  cut: ({ name }) => {
    connections.get(name).stream.destroy();
  },
});
