/** Values of a thing as they arrive, and the programs that make them arrive. */
import { html, useRef, useState } from '../html.js';
import { useLive } from '../api/live.js';
import { session } from '../api/session.js';
import { Code, Time } from '../ui/index.js';
import t from '../strings/tutorial.js';
import { Choice } from './code.js';
import { markDone, revealed, values } from './memory.js';
import { mqttPython, mqttScript } from './mqtt.js';
import { shortened } from './snippets.js';
import { typed } from './steps.js';

/** Lines that stay. */
const KEPT = 12;

/** @typedef {{id: number, name: string, value: string, at: number}} Heard */

export function LiveThing() {
  const all = values.value;
  const thing = all.things?.find((/** @type {any} */ each) => each.id === all.thing);
  const property = thing?.properties?.find((/** @type {any} */ each) => each.id === all.property);
  return html`<${HeardLive} thing=${thing} /><${Programs} variable=${property?.variable_name ?? 'temperature'} />`;
}

/** @param {{thing: any}} props */
function HeardLive({ thing }) {
  const [lines, setLines] = useState(/** @type {Heard[]} */ ([]));
  const serial = useRef(0);
  useLive(thing ? `thing/${thing.id}` : null, (message) => {
    if (message.k !== 'values') return;
    const came = message.v.map((/** @type {any[]} */ [id, at, value]) => ({
      id: (serial.current += 1),
      name: thing.properties?.find((/** @type {any} */ each) => each.id === id)?.name ?? id,
      value: JSON.stringify(value),
      at,
    }));
    setLines((before) => [...came.reverse(), ...before].slice(0, KEPT));
    markDone('arduino/mqtt');
  });
  return html`<section class="tutorial-pane" aria-label=${t.live}>
    <div class="tutorial-pane-head"><h3>${t.live}</h3></div>
    ${lines.length
      ? html`<ul class="tutorial-live">
          ${lines.map(
            (line) => html`<li key=${line.id}>
              <span>${t.liveOf(line.name)}</span> <code>${line.value}</code> <span class="muted"><${Time} at=${line.at} /></span>
            </li>`,
          )}
        </ul>`
      : html`<p class="tutorial-nothing">${t.liveEmpty}</p>`}
  </section>`;
}

/** The vendor's client puts a label in front of the host, which an address of digits can not have. @param {string[]} known */
function hostOf(known) {
  const here = location.hostname;
  return /^[\d.]+$|:/.test(here) ? (known[0] ?? here) : here;
}

/** @param {{variable: string}} props */
function Programs({ variable }) {
  const [chosen, setChosen] = useState('javascript');
  const { key = '', keySecret = '', thing = '', value } = values.value;
  const { server } = session.value;
  const place = {
    host: hostOf(server.hosts ?? []),
    securePort: Number(new URL(server.secure_url || location.href).port || 443),
    mqttPort: server.ports.mqtts?.[0] ?? server.ports.mqtts_port?.[0] ?? 8883,
    key,
    thing,
    variable,
    value: typed(value ?? ''),
  };
  const write = chosen === 'python' ? mqttPython : mqttScript;
  const whole = write({ ...place, secret: keySecret });
  const text = revealed.value ? whole : write({ ...place, secret: keySecret ? shortened(keySecret) : '' });
  return html`<section class="tutorial-code">
    <div class="tutorial-code-head">
      <h3>${t.mqttCode}</h3>
      <${Choice}
        label=${t.mqttCode}
        options=${[
          { id: 'javascript', label: t.languages.javascript },
          { id: 'python', label: t.languages.python },
        ]}
        chosen=${chosen}
        onChoose=${setChosen}
      />
    </div>
    <p><a href="/console/api/ca.pem" download="ca.pem">${t.certificate}</a></p>
    <${Code}
      text=${text}
      copy=${whole}
      language=${chosen === 'python' ? 'python' : 'js'}
      file=${chosen === 'python' ? 'live.py' : 'live.mjs'}
    />
  </section>`;
}
