/** The sheet in which a schedule is made. */
import { html, useState } from '../../html.js';
import words from '../../strings/widgets.js';
import { Button, Field, Sheet } from '../../ui/index.js';
import { amountOf, decode, encode, LONGEST_COUNT, UNIT_SECONDS } from './schedule.js';
import { amountText, planText } from './schedule-words.js';
import { fieldsOf, secondsOf } from './zone.js';

/** @typedef {import('./schedule.js').Plan} Plan */

const t = words.schedule;
const KINDS = /** @type {import('./schedule.js').Kind[]} */ (['once', 'every', 'weekly', 'monthly', 'yearly']);
const MONDAY_FIRST = [1, 2, 3, 4, 5, 6, 0];

/** The texts of a form for a plan. @param {Plan} plan */
function textsOf(plan) {
  const start = fieldsOf(plan.from);
  const end = plan.to ? fieldsOf(plan.to) : { date: '', time: '00:00' };
  const [amount, unit] = amountOf(plan.length);
  return {
    kind: plan.kind,
    date: start.date,
    time: start.time,
    amount: String(amount),
    unit,
    count: String(plan.count),
    every: plan.unit,
    days: plan.days,
    day: String(plan.day),
    month: plan.month,
    ends: plan.to !== 0,
    endDate: end.date,
    endTime: end.time,
  };
}

/** @typedef {ReturnType<typeof textsOf>} Texts */

/**
 * The plan of a form, or what is wrong with it by field.
 * @param {Texts} texts
 * @param {Plan} before
 * @returns {{plan: Plan, wrong: Record<string, string>}}
 */
export function planOf(texts, before) {
  /** @type {Record<string, string>} */
  const wrong = {};
  const from = secondsOf(texts.date, texts.time);
  if (from === null) wrong.start = t.missing;
  const length = Math.round(Number(texts.amount) * UNIT_SECONDS[texts.unit]);
  if (!(length > 0 && length <= 0xffffffff)) wrong.length = t.length;
  const to = texts.ends ? secondsOf(texts.endDate, texts.endTime) : 0;
  if (to === null) wrong.end = t.missing;
  else if (texts.ends && from !== null && to <= from) wrong.end = t.endBefore;
  if (texts.kind === 'weekly' && !texts.days.includes(true)) wrong.days = t.noDays;
  const count = Math.floor(Number(texts.count));
  if (texts.kind === 'every' && !(count >= 1 && count <= LONGEST_COUNT)) wrong.count = t.length;
  const day = Math.floor(Number(texts.day));
  const plan = {
    kind: texts.kind,
    from: from ?? before.from,
    to: to ?? 0,
    length: wrong.length ? before.length : length,
    count: count >= 1 ? count : 1,
    unit: texts.every,
    days: texts.days,
    day: day >= 1 && day <= 31 ? day : 1,
    month: texts.month,
  };
  return { plan, wrong };
}

/** @param {{value: any, start: Plan, zone: string, onClose: () => void, onSave: (wire: any) => void}} props */
export function ScheduleSheet({ value, start, zone, onClose, onSave }) {
  const before = value ? decode(value) : start;
  const [texts, setTexts] = useState(() => textsOf(before));
  const [tried, setTried] = useState(false);
  const { plan, wrong } = planOf(texts, before);
  const fine = Object.keys(wrong).length === 0;
  /** @param {Partial<Texts>} patch */
  const put = (patch) => setTexts((now) => ({ ...now, ...patch }));
  /** @param {string} name */
  const error = (name) => (tried ? (wrong[name] ?? null) : null);
  const save = () => {
    setTried(true);
    if (fine) onSave(encode(plan));
  };
  const units = t.units.map((label, at) => ({ value: String(at), label }));
  return html`<${Sheet}
    open
    title=${t.title}
    onClose=${onClose}
    footer=${html`<${Button} label=${words.cancel} onClick=${onClose} /><${Button} kind="primary" label=${t.save} onClick=${save} />`}
  >
    <form
      class="w-plan"
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        save();
      }}
    >
      <fieldset class="w-segments">
        <legend>${t.kind}</legend>
        <div class="w-segment-row">
          ${KINDS.map((kind) => html`<label key=${kind} class="w-segment"><input type="radio" name="kind" checked=${texts.kind === kind} onChange=${() => put({ kind })} /><span>${t.kinds[kind]}</span></label>`)}
        </div>
      </fieldset>
      ${
        texts.kind === 'every' &&
        html`<div class="w-set-row">
          <${Field}
            label=${t.repeatEvery}
            type="number"
            min="1"
            step="1"
            value=${texts.count}
            error=${error('count')}
            onInput=${(/** @type {string} */ count) => put({ count })}
          />
          <${Field}
            label=${t.unit}
            type="select"
            options=${units}
            value=${String(texts.every)}
            onInput=${(/** @type {string} */ unit) => put({ every: Number(unit) })}
          />
        </div>`
      }
      ${
        texts.kind === 'weekly' &&
        html`<fieldset class="w-segments">
          <legend>${t.daysLabel}</legend>
          <div class="w-days">
            ${MONDAY_FIRST.map(
              (day) =>
                html`<label key=${day} class="w-day" title=${t.days[day]}
                  ><input
                    type="checkbox"
                    aria-label=${t.days[day]}
                    checked=${texts.days[day]}
                    onChange=${() => put({ days: texts.days.map((on, at) => (at === day ? !on : on)) })}
                  /><span>${t.short[day]}</span></label
                >`,
            )}
          </div>
          ${error('days') && html`<p class="field-error">${error('days')}</p>`}
        </fieldset>`
      }
      ${
        (texts.kind === 'monthly' || texts.kind === 'yearly') &&
        html`<div class="w-set-row">
          <${Field}
            label=${t.dayOfMonth}
            type="number"
            min="1"
            max="31"
            step="1"
            value=${texts.day}
            hint=${Number(texts.day) > 28 ? t.short31 : undefined}
            onInput=${(/** @type {string} */ day) => put({ day })}
          />
          ${texts.kind === 'yearly' && html`<${Field} label=${t.month} type="select" value=${String(texts.month)} options=${t.months.map((label, at) => ({ value: String(at), label }))} onInput=${(/** @type {string} */ month) => put({ month: Number(month) })} />`}
        </div>`
      }
      <div class="w-set-row">
        <${Field}
          label=${t.starts}
          type="date"
          value=${texts.date}
          error=${error('start')}
          onInput=${(/** @type {string} */ date) => put({ date })}
        />
        <${Field}
          label=${t.at}
          type="time"
          step=${texts.time.length > 5 ? 1 : 60}
          value=${texts.time}
          onInput=${(/** @type {string} */ time) => put({ time })}
        />
      </div>
      <div class="w-set-row">
        <${Field}
          label=${t.lasts}
          type="number"
          min="1"
          value=${texts.amount}
          error=${error('length')}
          onInput=${(/** @type {string} */ amount) => put({ amount })}
        />
        <${Field}
          label=${t.unit}
          type="select"
          options=${units}
          value=${String(texts.unit)}
          onInput=${(/** @type {string} */ unit) => put({ unit: Number(unit) })}
        />
      </div>
      <fieldset class="w-segments">
        <legend>${t.ends}</legend>
        <div class="w-segment-row">
          ${[false, true].map((ends) => html`<label key=${String(ends)} class="w-segment"><input type="radio" name="ends" checked=${texts.ends === ends} onChange=${() => put({ ends })} /><span>${ends ? t.until : t.never}</span></label>`)}
        </div>
      </fieldset>
      ${
        texts.ends &&
        html`<div class="w-set-row">
          <${Field}
            label=${t.endDate}
            type="date"
            value=${texts.endDate}
            error=${error('end')}
            onInput=${(/** @type {string} */ endDate) => put({ endDate })}
          />
          <${Field}
            label=${t.endTime}
            type="time"
            value=${texts.endTime}
            onInput=${(/** @type {string} */ endTime) => put({ endTime })}
          />
        </div>`
      }
      <p class="w-plan-says" aria-live="polite">
        ${fine ? `${planText(plan)}, ${t.for(amountText(plan.length))}.` : ''}
      </p>
      <p class="field-hint">${zone ? t.zone(zone) : t.boardClock}</p>
      <button type="submit" class="hidden" tabindex="-1" aria-hidden="true"></button>
    </form>
  <//>`;
}
