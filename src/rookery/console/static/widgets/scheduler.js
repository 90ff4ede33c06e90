import { html, useEffect, useState } from '../html.js';
import words from '../strings/widgets.js';
import { Button } from '../ui/index.js';
import { reads } from './lib/fits.js';
import { instead } from './lib/parts.js';
import { activeAt, decode, fresh } from './lib/schedule.js';
import { ScheduleSheet } from './lib/schedule-form.js';
import { amountText, nextText, planText } from './lib/schedule-words.js';
import { localSeconds } from './lib/zone.js';
import { holds } from './types.js';

const t = words.schedule;

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ variables: [bound] }) {
  const [open, setOpen] = useState(false);
  const [now, setNow] = useState(() => localSeconds(bound.timezone, Date.now()));
  useEffect(() => {
    const timer = setInterval(() => setNow(localSeconds(bound.timezone, Date.now())), 5_000);
    return () => clearInterval(timer);
  }, [bound.timezone]);
  const value = bound.shown.value;
  const unset = value === null || value === undefined;
  if (!unset && !holds(value, 'schedule'))
    return html`<div class="w-middle">${instead(bound, value, 'schedule')}</div>`;
  const plan = unset ? null : decode(value);
  const on = plan !== null && activeAt(plan, now);
  const next = plan === null ? '' : nextText(plan, now);
  return html`<div class="w-plan-tile w-middle">
    ${
      plan === null
        ? html`<p class="w-none">${t.unset}</p>`
        : html`<p class="w-plan-line"><b>${planText(plan)}</b> <span>${t.for(amountText(plan.length))}</span></p>
            <p class=${`w-plan-state ${on ? 'is-on' : ''}`}>
              <i></i>${on ? t.active : t.idle}${' · '}${next ? t.next(next) : t.over}
            </p>`
    }
    ${bound.writable && html`<${Button} small label=${t.change} icon="pencil" onClick=${() => setOpen(true)} />`}
    ${
      open &&
      html`<${ScheduleSheet}
        value=${value}
        start=${fresh(now)}
        zone=${bound.timezone}
        onClose=${() => setOpen(false)}
        onSave=${(/** @type {any} */ wire) => {
          setOpen(false);
          bound.write(wire);
        }}
      />`
    }
  </div>`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Scheduler',
  label: words.kinds.scheduler,
  icon: 'calendar',
  fits: reads('schedule'),
  rank: () => 10,
  count: [1, 1],
  size: { w: 3, h: 3, minW: 2, minH: 2 },
  phone: { w: 2, h: 3 },
  defaults: () => ({}),
  View,
};
