/** `thingProperties.h` of a thing, and the line that brings its sketch here. */
import { html, useSignal } from '../../html.js';
import { session } from '../../api/session.js';
import { Button, Code, Empty, Field, Panel } from '../../ui/index.js';
import { t } from '../../strings/things.js';
import { ARDUINO } from './connect-models.js';
import { hostOf, portOf } from './connect-address.js';
import { Address, addressProblem } from './connect-section.js';
import { thingHeader } from './thing-header.js';
import { declarationsOf } from './thing-model.js';

/**
 * @param {object} props
 * @param {import('./thing-model.js').ThingView} props.thing
 * @param {import('./thing-model.js').PropertyType[]} props.types
 * @param {() => void} props.onAdd
 */
export function Sketch({ thing, types, onAdd }) {
  const board = ARDUINO.find((model) => model.type === thing.device_type);
  const login = useSignal(/** @type {'secret'|'certificate'} */ (board?.login ?? 'secret'));
  const link = useSignal(/** @type {'wifi'|'gsm'|'nb'|'ethernet'} */ (board?.link ?? 'wifi'));
  const { server } = session.value;
  const host = useSignal(hostOf(server));
  const variables = thing.properties ?? [];
  if (variables.length === 0) {
    return html`<${Panel} title=${t.sketch.title}><${Empty} icon="file-code" sentence=${t.sketch.empty}
      action=${html`<${Button} icon="plus" label=${t.variables.add} onClick=${onAdd} />`} /><//>`;
  }
  const text = thingHeader({
    variables,
    declarations: declarationsOf(types),
    deviceId: thing.device_id,
    login: login.value,
    link: link.value,
  });
  const port = portOf(server.ports, login.value === 'secret' ? 'mqtts' : 'mqtts_cert');
  const shownHost = addressProblem(host.value, 'mqtt') === '' ? host.value : hostOf(server);
  return html`
    <${Panel} title=${t.sketch.title} line=${t.sketch.line}>
      <div class="thing-options">
        <${Field} type="select" label=${t.sketch.for} value=${login.value} onInput=${(/** @type {any} */ value) => {
          login.value = value;
        }}
          options=${[
            { value: 'secret', label: t.sketch.secret },
            { value: 'certificate', label: t.sketch.certificate },
          ]} />
        <${Field} type="select" label=${t.sketch.link} value=${link.value} onInput=${(/** @type {any} */ value) => {
          link.value = value;
        }}
          options=${[
            { value: 'wifi', label: t.sketch.wifi },
            { value: 'ethernet', label: t.sketch.ethernet },
            { value: 'gsm', label: t.sketch.gsm },
            { value: 'nb', label: t.sketch.nb },
          ]} />
      </div>
      <${Code} text=${text} language="cpp" file="thingProperties.h" />
      <h3 class="thing-heading">${t.sketch.begin}</h3>
      <${Address} host=${host.value} kind="mqtt" onHost=${(/** @type {string} */ text) => {
        host.value = text;
      }} />
      <${Code} language="cpp" label=${t.sketch.loop}
        text=${`initProperties();\nArduinoCloud.begin(ArduinoIoTPreferredConnection, true, "${shownHost}", ${port});\n`} />
      ${thing.device_id && html`<p><a href=${`/console/connect/${thing.device_id}`}>${t.sketch.more}</a></p>`}
    <//>
  `;
}
