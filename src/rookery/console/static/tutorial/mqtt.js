/**
 * Programs that follow a thing over MQTT and write to it: with the vendor's JavaScript package, and with what Python has.
 *
 * A program's topics are `/a/t/<thing>/e/o` for what is to be seen and `/a/t/<thing>/e/i` for what it writes; messages
 * are SenML records in CBOR, of which the keys 0 (name) and 2, 3, 4 (number, text, truth) are used here.
 */
import { pythonString, pythonValue, scriptString, scriptValue } from './snippets.js';

/**
 * @typedef {object} Place
 * @property {string} host without scheme and port
 * @property {number} securePort of HTTPS, where MQTT over WebSocket is, too
 * @property {number} mqttPort of MQTT over TLS
 * @property {string} key
 * @property {string} secret
 * @property {string} thing
 * @property {string} variable its name in sketches
 * @property {unknown} value
 */

/** @param {Place} place */
export function mqttScript({ host, securePort, key, secret, thing, variable, value }) {
  return `// npm install arduino-iot-js
// NODE_EXTRA_CA_CERTS=ca.pem node live.mjs
import { createRequire } from "node:module";

const { ArduinoIoTCloud } = createRequire(import.meta.url)("arduino-iot-js");
const thing = ${scriptString(thing)};

const cloud = await ArduinoIoTCloud.connect({
  host: ${scriptString(host)},
  port: ${securePort},
  apiUrl: ${scriptString(`https://${host}:${securePort}/iot/v1/clients/token`)},
  clientId: ${scriptString(key)},
  clientSecret: ${scriptString(secret)},
});
cloud.onPropertyValue(thing, ${scriptString(variable)}, (value) => console.log(value));
await cloud.sendProperty(thing, ${scriptString(variable)}, ${scriptValue(value)});
`;
}

/** @param {Place} place */
export function mqttPython({ host, securePort, mqttPort, key, secret, thing, variable, value }) {
  const field = typeof value === 'string' ? 3 : typeof value === 'boolean' ? 4 : 2;
  return `# pip install paho-mqtt cbor2 requests
import base64
import json

import cbor2
import paho.mqtt.client as mqtt
import requests

CA = "ca.pem"
THING = ${pythonString(thing)}

answer = requests.post(
    ${pythonString(`https://${host}:${securePort}/iot/v1/clients/token`)},
    data={
        "grant_type": "client_credentials",
        "client_id": ${pythonString(key)},
        "client_secret": ${pythonString(secret)},
    },
    verify=CA,
    timeout=30,
)
token = answer.json()["access_token"]
claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
person = claims["http://arduino.cc/id"]


def connected(client, userdata, flags, reason, properties):
    print(reason)
    client.subscribe(f"/a/t/{THING}/e/o")
    client.publish(f"/a/t/{THING}/e/i", cbor2.dumps([{0: ${pythonString(variable)}, ${field}: ${pythonValue(value)}}]))


def heard(client, userdata, message):
    print(message.topic, cbor2.loads(message.payload))


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=person)
client.username_pw_set(person, token)
client.tls_set(ca_certs=CA)
client.on_connect = connected
client.on_message = heard
client.connect(${pythonString(host)}, ${mqttPort})
client.loop_forever()
`;
}
