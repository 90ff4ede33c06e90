/** One board: what it measures, what it offers, what it said, and when it was there. */
import { html, useEffect, useSignal } from '../html.js';
import { style } from '../style.js';
import { useLoad, v1 } from '../api/rest.js';
import { live, useLive } from '../api/live.js';
import { Button, Dot, ErrorBox, Menu, Page, Skeleton, Tabs, toast } from '../ui/index.js';
import { t } from '../strings/device.js';
import { t as list } from '../strings/devices.js';
import { detailOf } from './parts/device-model.js';
import { modelOf, nameOf } from './parts/devices-model.js';
import { LiveValues } from './parts/device-values.js';
import { Functions, Variables } from './parts/device-calls.js';
import { Events, Latest } from './parts/device-events.js';
import { Vitals } from './parts/device-vitals.js';
import { Connections } from './parts/device-log.js';
import { Facts, Firmware, Notes } from './parts/device-facts.js';
import { TagPanel } from './parts/tag-panel.js';
import { NewSecret, Remove, Rename } from './parts/device-changes.js';
import { Flash } from './parts/device-flash.js';
import { AttachThing } from './parts/attach-thing.js';

/** @typedef {import('./parts/device-model.js').DeviceDetail} DeviceDetail */

await style('devices');

export const title = t.title;

/** Milliseconds between two looks at when a board that is there was heard last: nothing tells that by itself. */
const HEARD_EVERY = 20_000;

/** @param {{params: Record<string, string>, query: Record<string, string>}} props */
export default function Device({ params, query }) {
  const load = useLoad(async (api) => detailOf(await api.own('GET', `devices/${params.id}`)), [params.id]);
  const back = { href: '/console/devices', label: list.title };
  const device = load.data?.id === params.id || load.data?.hex_id === params.id ? load.data : undefined;
  useLive(device ? `device/${device.id}` : null, (message) => {
    if (message.k === 'changed') void load.reload();
    if (message.k === 'presence' && device) {
      // The time is when it came or went: one that is there has been heard since.
      load.set({ ...device, online: message.online, last_heard: Math.max(device.last_heard ?? 0, message.time ?? 0) || null });
      // What the board said of itself when it came is stored a moment later.
      if (message.online) setTimeout(load.reload, 1_500);
      // The first message after the connection stands: what changed before it was told to nobody.
      if (message.version !== undefined && message.version !== device.version) void load.reload();
    }
  });
  const there = Boolean(device?.online);
  useEffect(() => {
    if (!there) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible' && live.state.peek() === 'open') void load.reload();
    }, HEARD_EVERY);
    return () => clearInterval(timer);
  }, [there, params.id]);
  if (!device) {
    return html`
      <${Page} title=${t.title} back=${back}>
        ${
          load.state === 'error'
            ? html`<${ErrorBox} error=${load.error?.status === 404 ? t.missing : load.error} retry=${load.reload} />`
            : html`<${Skeleton} rows=${6} />`
        }
      <//>
    `;
  }
  return html`<${Board} device=${device} load=${load} tab=${params.tab ?? 'overview'} query=${query} back=${back} />`;
}

/**
 * @param {object} props
 * @param {DeviceDetail} props.device
 * @param {import('../api/rest.js').Load<DeviceDetail>} props.load
 * @param {string} props.tab
 * @param {Record<string, string>} props.query
 * @param {{href: string, label: string}} props.back
 */
function Board({ device, load, tab, query, back }) {
  const open = useSignal(/** @type {'rename'|'secret'|'flash'|'remove'|'attach'|null} */ (null));
  const close = () => {
    open.value = null;
  };
  const show = (/** @type {'rename'|'secret'|'flash'|'remove'|'attach'} */ what) => () => {
    open.value = what;
  };
  const particle = device.dialect === 'particle';
  const shared = { device, onClose: close, onChange: load.reload };
  const base = `/console/devices/${device.id}`;
  const tabs = [
    { id: 'overview', label: t.tabs.overview, href: base },
    { id: 'events', label: t.tabs.events, href: `${base}/events` },
    ...(particle ? [{ id: 'vitals', label: t.tabs.vitals, href: `${base}/vitals` }] : []),
    { id: 'connections', label: t.tabs.connections, href: `${base}/connections` },
  ];
  const line = html`
    <${Dot} online=${device.online} since=${device.online ? null : device.last_heard} />
    <span class="device-model">${t.head.line(modelOf(device), list.kinds[device.dialect])}</span>
  `;
  const items = [
    { label: t.actions.rename, icon: 'pencil', onClick: show('rename') },
    particle && { label: t.actions.signal, icon: 'lightbulb', disabled: !device.online, onClick: () => signal(device, true) },
    particle && { label: t.actions.quiet, icon: 'lightbulb', disabled: !device.online, onClick: () => signal(device, false) },
    particle && { label: t.actions.flash, icon: 'upload', disabled: !device.online, onClick: show('flash') },
    !particle && { label: t.actions.secret, icon: 'key-round', onClick: show('secret') },
    { label: t.actions.connect, icon: 'plug', href: `/console/connect/${device.id}` },
    { label: '', separator: true },
    {
      label: particle ? t.actions.unclaim : t.actions.remove,
      icon: particle ? 'unlink' : 'trash-2',
      danger: true,
      onClick: show('remove'),
    },
  ];
  return html`
    <${Page} title=${nameOf(device)} line=${line} back=${back} action=${html`
      <span class="device-actions">
        <${Ping} device=${device} />
        <${Menu} label=${t.actions.menu} items=${items} />
      </span>
    `}>
      <div class="device">
        <${Tabs} label=${t.tabs.label} tabs=${tabs} current=${tab} />
        ${load.state === 'error' && html`<${ErrorBox} error=${load.error} retry=${load.reload} />`}
        ${
          tab === 'events'
            ? html`<${Events} device=${device} />`
            : tab === 'vitals' && particle
              ? html`<${Vitals} device=${device} range=${query.range ?? '24h'} />`
              : tab === 'connections'
                ? html`<${Connections} device=${device} />`
                : html`<${Overview} device=${device} onChange=${load.reload} onAttach=${show('attach')} onFlash=${show('flash')} />`
        }
      </div>
      ${open.value === 'rename' && html`<${Rename} ...${shared} />`}
      ${open.value === 'secret' && html`<${NewSecret} ...${shared} />`}
      ${open.value === 'flash' && html`<${Flash} ...${shared} />`}
      ${open.value === 'remove' && html`<${Remove} ...${shared} />`}
      ${open.value === 'attach' && html`<${AttachThing} ...${shared} />`}
    <//>
  `;
}

/**
 * @param {{device: DeviceDetail, onChange: () => unknown, onAttach: () => void, onFlash: () => void}} props
 */
function Overview({ device, onChange, onAttach, onFlash }) {
  const particle = device.dialect === 'particle';
  const { functions, variables } = device.described;
  return html`
    <div class="device-columns">
      <div class="device-main">
        ${
          !device.last_heard &&
          !device.online &&
          html`
          <p class="device-hint">${t.head.waiting} <a href=${`/console/connect/${device.id}`}>${t.head.setUp}</a></p>
        `
        }
        ${(device.thing || !particle) && html`<${LiveValues} thing=${device.thing} deviceId=${device.id} onAttach=${onAttach} />`}
        ${
          particle &&
          html`
          <${Variables} hexId=${device.hex_id} online=${device.online} variables=${variables} />
          <${Functions} hexId=${device.hex_id} online=${device.online} functions=${functions} />
          <${Latest} key=${device.id} device=${device} />
        `
        }
      </div>
      <div class="device-side">
        <${Facts} device=${device} onAttach=${onAttach} />
        <${Firmware} device=${device} onFlash=${onFlash} />
        <${TagPanel} path=${`/v2/devices/${device.id}/tags`} tags=${device.tags} onChange=${onChange} />
        <${Notes} device=${device} onChange=${onChange} />
      </div>
    </div>
  `;
}

/** @param {{device: DeviceDetail}} props */
function Ping({ device }) {
  const busy = useSignal(false);
  const ping = async () => {
    busy.value = true;
    const started = performance.now();
    try {
      const told = await v1('PUT', `/devices/${device.hex_id}/ping`);
      const away = { kind: /** @type {'error'} */ ('error') };
      if (told.online) toast(t.ping.there(Math.round(performance.now() - started)), { kind: 'ok' });
      else toast(t.ping.away, away);
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { kind: 'error' });
    }
    busy.value = false;
  };
  return html`<${Button} icon="activity" label=${t.actions.ping} busy=${busy.value} onClick=${ping} />`;
}

/** @param {DeviceDetail} device @param {boolean} on */
async function signal(device, on) {
  try {
    await v1('PUT', `/devices/${device.hex_id}`, { body: { signal: on } });
    toast(on ? t.signal.on : t.signal.off, { kind: 'ok' });
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), { kind: 'error' });
  }
}
