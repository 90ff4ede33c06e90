/** A schedule as a sentence. Pure, but for the language of the viewer. */
import words from '../../strings/widgets.js';
import { amountOf, DAY, decode, next } from './schedule.js';

/** @typedef {import('./schedule.js').Plan} Plan */

const t = words.schedule;

/** @param {Intl.DateTimeFormatOptions} options @param {number} local */
const format = (options, local) =>
  new Intl.DateTimeFormat(undefined, { ...options, timeZone: 'UTC' }).format(local * 1000);

/** @param {number} local seconds */
export const clockText = (local) => {
  const seconds = local % 60;
  return format(
    { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}), hourCycle: 'h23' },
    local,
  );
};
/** @param {number} local seconds */
export const dateText = (local) => format({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }, local);

/** "30 minutes". @param {number} seconds */
export function amountText(seconds) {
  const [amount, unit] = amountOf(seconds);
  return t.amountText(amount, t.unit1[unit], t.units[unit]);
}

/** How often, and when. @param {Plan} plan */
export function planText(plan) {
  const at = clockText(plan.from);
  switch (plan.kind) {
    case 'every':
      return t.everyN(plan.count === 1 ? t.unit1[plan.unit] : `${plan.count} ${t.units[plan.unit]}`);
    case 'weekly': {
      const on = plan.days.map((yes, day) => (yes ? day : -1)).filter((day) => day >= 0);
      if (on.length === 7) return t.daily(at);
      if (on.join() === '1,2,3,4,5') return t.weekdays(at);
      if (on.join() === '0,6') return t.weekend(at);
      // Weeks are read from Monday.
      return t.weekly([...on.filter(Boolean), ...on.filter((day) => !day)].map((day) => t.short[day]).join(', '), at);
    }
    case 'monthly':
      return t.monthly(plan.day, at);
    case 'yearly':
      return t.yearly(`${plan.day} ${t.months[plan.month]}`, at);
    default:
      return t.once(`${dateText(plan.from)}, ${at}`);
  }
}

/** When it comes on again, '' when it does not. @param {Plan} plan @param {number} now local seconds */
export function nextText(plan, now) {
  const at = next(plan, now);
  if (at === null) return '';
  const days = Math.floor(at / DAY) - Math.floor(now / DAY);
  const time = clockText(at);
  if (days === 0) return t.today(time);
  if (days === 1) return t.tomorrow(time);
  return t.onDay(days < 7 ? format({ weekday: 'long' }, at) : dateText(at), time);
}

/** The whole of a value in one line. @param {any} wire */
export function scheduleText(wire) {
  const plan = decode(wire);
  return `${planText(plan)}, ${t.for(amountText(plan.length))}`;
}
