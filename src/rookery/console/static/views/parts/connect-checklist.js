/** The arrival of a board, step by step, as the server sees it. */
import { html, useSignal } from '../../html.js';
import { live, useLive } from '../../api/live.js';
import { useLoad } from '../../api/rest.js';
import { Button, Icon, Time } from '../../ui/index.js';
import { t } from '../../strings/connect.js';

/**
 * @typedef {object} Step
 * @property {string} step
 * @property {string} [label]
 * @property {'waiting'|'done'|'failed'} state
 * @property {number} [time]
 * @property {string} [reason]
 */
/**
 * @typedef {object} Attempt
 * @property {number} time
 * @property {string} transport
 * @property {string} address
 * @property {string} claimed   the id that was claimed, '' for none
 * @property {'accepted'|'failed'|'underway'} state
 * @property {string} reason
 */
/** @typedef {{steps: Step[], device: string|null, online: boolean, attempts: Attempt[]}} Doorway */

const ICONS = { waiting: 'circle-dashed', done: 'circle-check', failed: 'circle-x' };

/**
 * @param {object} props
 * @param {string} props.id      of the device, or the 24 digits of a Particle board that is unknown yet
 * @param {import('./device-model.js').DeviceDetail|null} props.device
 * @param {string} props.host
 * @param {number} props.port
 * @param {(doorway: Doorway) => unknown} [props.onStep]
 * @param {() => unknown} [props.onDone]
 */
export function Checklist({ id, device, host, port, onStep, onDone }) {
  const heard = useSignal(/** @type {Doorway|null} */ (null));
  const load = useLoad(async (api) => /** @type {Promise<Doorway>} */ (api.own('GET', `devices/${id}/doorway`)), [id]);
  useLive(`doorway/${id}`, (message) => {
    if (!Array.isArray(message.steps)) return;
    const before = heard.peek() ?? load.data;
    const told = {
      steps: message.steps,
      device: message.device ?? null,
      online: Boolean(message.online),
      attempts: message.attempts ?? [],
    };
    heard.value = told;
    onStep?.(told);
    if (all(told.steps) && !(before && all(before.steps))) void onDone?.();
  });
  const doorway = heard.value ?? load.data ?? null;
  const steps = doorway?.steps ?? [];
  const arrived = steps.length > 0 && all(steps);
  const failed = steps.find((step) => step.state === 'failed');
  return html`
    <section class=${`connect-list ${arrived ? 'connect-arrived' : ''}`} aria-labelledby="arrival">
      <h2 id="arrival">${t.list.title}</h2>
      <p class="connect-state" role="status">
        ${
          arrived
            ? html`<${Icon} name="circle-check" size=${20} /> ${t.list.all}`
            : doorway?.online
              ? html`<span class="connect-dot is-here"></span> ${t.list.online}`
              : html`<span class="connect-dot"></span> ${t.list.waiting}`
        }
      </p>
      <ol>
        ${steps.map(
          (step) => html`
          <li key=${step.step} class=${`connect-step is-${step.state}`}>
            <${Icon} name=${ICONS[step.state]} size=${20} label=${t.list.state[step.state]} />
            <span>${labelOf(step, steps)}
              ${step.reason && html`<small>${step.reason}</small>`}</span>
            ${step.time && step.state !== 'waiting' && html`<small class="connect-time"><${Time} at=${step.time} /></small>`}
          </li>
        `,
        )}
      </ol>
      ${doorway && doorway.attempts.length > 0 && !arrived && html`<${Attempts} attempts=${doorway.attempts} />`}
      ${live.state.value === 'lost' && html`<p class="connect-warn">${t.list.lost}</p>`}
      ${!arrived && !failed && !doorway?.online && !doorway?.attempts?.length && host && html`<p class="muted small">${t.list.helps} <code>${host}:${port}</code></p>`}
      ${
        arrived &&
        device &&
        html`
        <p class="connect-next">
          <${Button} kind="primary" label=${t.list.open} href=${`/console/devices/${device.id}`} />
          ${device.thing && html`<${Button} label=${t.list.chart} href=${`/console/things/${device.thing.id}/history`} />`}
        </p>
      `
      }
    </section>
  `;
}

/** @param {Step[]} steps */
const all = (steps) => steps.every((step) => step.state === 'done');

/**
 * Boards of the two kinds come by steps of the same names that are not quite the same.
 * @param {Step} step
 * @param {Step[]} steps
 */
function labelOf(step, steps) {
  const kind = steps.some((each) => each.step === 'handshake') ? t.list.particle : t.list.steps;
  return step.label ?? /** @type {Record<string, string>} */ (kind)[step.step] ?? step.step;
}

/** @param {{attempts: Attempt[]}} props */
function Attempts({ attempts }) {
  return html`
    <details class="connect-attempts">
      <summary>${t.list.attempts(attempts.length)}</summary>
      <ul>
        ${attempts.map(
          (attempt) => html`
          <li key=${`${attempt.time}${attempt.address}`} class=${`is-${attempt.state}`}>
            <span><${Time} at=${attempt.time} /> · <code>${attempt.address}</code></span>
            <small>${attempt.state === 'failed' ? attempt.reason : t.list.attempt[attempt.state]}</small>
          </li>
        `,
        )}
      </ul>
    </details>
  `;
}
