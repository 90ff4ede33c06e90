/** Connect a board: choose it, create it, run its program, and watch each step of its arrival. */
import { html } from '../html.js';
import { style } from '../style.js';
import { setQuery } from '../router.js';
import { useLoad } from '../api/rest.js';
import { Button, ErrorBox, Page, Skeleton } from '../ui/index.js';
import { t } from '../strings/connect.js';
import { detailOf } from './parts/device-model.js';
import { modelOfDevice, modelsOf } from './parts/connect-models.js';
import { Choose } from './parts/connect-choose.js';
import { Create } from './parts/connect-create.js';
import { ArduinoSetup } from './parts/connect-arduino.js';
import { ParticleSetup } from './parts/connect-particle.js';

/** @typedef {import('./parts/connect-models.js').Boards} Boards */

await style('devices');
await style('connect');

export const title = t.title;

/** @param {{params: Record<string, string>, query: Record<string, string>}} props */
export default function Connect({ params, query }) {
  const boards = useLoad(async (api) => /** @type {Promise<Boards>} */ (api.own('GET', 'boards')), []);
  const device = useLoad(async (api) => (params.id ? detailOf(await api.own('GET', `devices/${params.id}`)) : null), [params.id]);
  const models = boards.data ? modelsOf(boards.data) : [];
  const there = device.data && (device.data.id === params.id || device.data.hex_id === params.id) ? device.data : null;
  const model = models.find((each) => each.key === query.model) ?? (there ? modelOfDevice(models, there) : undefined);
  const back = { href: '/console/devices', label: t.back };
  const failed = [boards, device].find((load) => load.state === 'error');
  if (failed) {
    const message = failed.error?.status === 404 && failed === device ? t.missing : failed.error;
    return html`<${Page} title=${t.title} line=${t.line} back=${back} json=${false}><${ErrorBox} error=${message} retry=${failed.reload} /><//>`;
  }
  if (!boards.data || (params.id && !there)) {
    return html`<${Page} title=${t.title} line=${t.line} back=${back} json=${false}><${Skeleton} rows=${6} /><//>`;
  }
  const other = html`<${Button} label=${t.again} icon="rotate-ccw" onClick=${() => setQuery({ model: null, id: null }, { replace: false })} />`;
  return html`
    <${Page} title=${t.title} line=${there ? there.name : (model?.label ?? t.line)} back=${back} json=${false} action=${model && !there ? other : null}>
      ${
        !model
          ? html`<${Choose} models=${models} query=${query} />`
          : model.vendor === 'particle'
            ? html`<${ParticleSetup} key=${model.key} model=${model} device=${there} hexId=${query.id ?? ''} onChange=${device.reload} />`
            : there
              ? html`<${ArduinoSetup} model=${model} device=${there} onChange=${device.reload} />`
              : html`<${Create} key=${model.key} model=${model} />`
      }
    <//>
  `;
}
