/** Simulated boards for who has none at hand: started, powered off, taken away again. */
import { html, useSignal } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { session } from '../../api/session.js';
import { Button, Dialog, Menu, toast } from '../../ui/index.js';
import { t } from '../../strings/devices.js';

/** @typedef {{possible: boolean, running: boolean, starting: boolean, trouble: string, boards: {id: string, name: string}[]}} Simulated */

const words = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

/** Starts them; says so in passing. @returns {Promise<boolean>} */
async function start() {
  try {
    await own('POST', 'simulated', { body: {} });
    toast(t.simulated.started, { kind: 'ok' });
    return true;
  } catch (error) {
    toast(words(error), { kind: 'error' });
    return false;
  }
}

/** A button that starts them, where the server can. @param {{onDone: () => unknown}} props */
export function StartSimulated({ onDone }) {
  const busy = useSignal(false);
  if (!session.value.server.features?.simulated) return null;
  const begin = async () => {
    busy.value = true;
    if (await start()) void onDone();
    busy.value = false;
  };
  return html`<${Button} icon="circle-play" label=${t.simulated.start} busy=${busy.value} onClick=${begin} />`;
}

/** @param {{onDone: () => unknown}} props */
export function SimulatedMenu({ onDone }) {
  const possible = Boolean(session.value.server.features?.simulated);
  const load = useLoad(
    async (api) => /** @type {Simulated|null} */ (possible ? await api.own('GET', 'simulated') : null),
    [possible],
  );
  const asking = useSignal(false);
  const busy = useSignal(false);
  const error = useSignal('');
  const state = load.data;
  if (!state || (!state.possible && !state.running)) return null;
  const done = () => {
    void load.reload();
    void onDone();
  };
  const stop = async (/** @type {boolean} */ remove) => {
    busy.value = true;
    error.value = '';
    try {
      await own('DELETE', 'simulated', { query: remove ? { remove: true } : {} });
      toast(remove ? t.simulated.removed : t.simulated.stopped, { kind: 'ok' });
      asking.value = false;
      done();
    } catch (wrong) {
      if (remove) error.value = words(wrong);
      else toast(words(wrong), { kind: 'error' });
    }
    busy.value = false;
  };
  const items = state.running
    ? [
        { label: t.simulated.stop, icon: 'power', onClick: () => void stop(false) },
        {
          label: t.simulated.remove,
          icon: 'trash-2',
          danger: true,
          onClick: () => {
            asking.value = true;
          },
        },
      ]
    : [
        {
          label: t.simulated.start,
          icon: 'circle-play',
          onClick: async () => {
            if (await start()) done();
          },
        },
      ];
  return html`
    <${Menu} name=${t.simulated.menu} items=${items} />
    ${
      asking.value &&
      html`
      <${Dialog} open danger title=${t.simulated.removeTitle} confirmLabel=${t.simulated.removeDo} busy=${busy.value} error=${error.value}
        onClose=${() => {
          asking.value = false;
        }} onConfirm=${() => stop(true)}>
        <ul class="devices-named">${state.boards.map((board) => html`<li key=${board.id}>${board.name}</li>`)}</ul>
        <p>${t.simulated.removeLine}</p>
      <//>
    `
    }
  `;
}
