/**
 * A schedule on the wire: `frm`, `to`, `len`, `msk` (reference 6.4 and device reference 4.3).
 *
 * All four are unsigned 32-bit. `frm` and `to` are seconds of a clock that shows the local time of the thing and calls
 * it UTC; `to` 0 is no end. `len` is how many seconds each repetition is on. In `msk` bits 31–30 are a unit, 29–26 the
 * kind, 25–0 what the kind needs: a count of the unit (fixed interval), bits 0–6 for Sunday to Saturday (weekly), a day
 * of the month (monthly, bits 0–7), a day and a month from 0 (yearly, bits 0–7 and 8–15).
 *
 * A board asks, at its local time `now`: is `frm ≤ now < to`, is today a day of the mask, and is
 * `(now - frm) mod period ≤ len`? The period is the fixed interval, or one day; one shot has none. So the time of day
 * of `frm` is the time of day of every repetition. `next` and `activeAt` follow that to the letter.
 */

/** @typedef {{frm: number, to: number, len: number, msk: number}} Wire */
/** @typedef {'once'|'every'|'weekly'|'monthly'|'yearly'} Kind */
/**
 * @typedef {object} Plan
 * @property {Kind} kind
 * @property {number} from seconds of the local clock
 * @property {number} to 0 is no end
 * @property {number} length seconds
 * @property {number} count of `unit`, for `every`
 * @property {number} unit 0 seconds, 1 minutes, 2 hours, 3 days
 * @property {boolean[]} days Sunday first, for `weekly`
 * @property {number} day of the month, for `monthly` and `yearly`
 * @property {number} month from 0, for `yearly`
 * @property {number} [unknown] a kind number that this table does not have; kept on writing
 */

export const DAY = 86_400;
export const UNIT_SECONDS = [1, 60, 3600, DAY];
export const LONGEST_COUNT = 0x03ffffff;
const KINDS = /** @type {Kind[]} */ (['once', 'every', 'weekly', 'monthly', 'yearly']);
const LATEST = 0xffffffff;

/** @param {number} value */
const whole = (value) => Math.min(Math.max(Math.floor(Number(value) || 0), 0), LATEST);

/**
 * @param {Wire} wire
 * @returns {Plan}
 */
export function decode(wire) {
  const mask = whole(wire.msk);
  const number = (mask >>> 26) & 0xf;
  const kind = KINDS[number] ?? 'once';
  const low = mask & LONGEST_COUNT;
  const from = whole(wire.frm);
  const start = new Date(from * 1000);
  /** @type {Plan} */
  const plan = {
    kind,
    from,
    to: whole(wire.to),
    length: whole(wire.len),
    count: kind === 'every' ? Math.max(low, 1) : 1,
    unit: kind === 'every' ? mask >>> 30 : 3,
    days: Array.from({ length: 7 }, (_, day) =>
      kind === 'weekly' ? Boolean(low & (1 << day)) : day === start.getUTCDay(),
    ),
    day: kind === 'monthly' || kind === 'yearly' ? Math.min(Math.max(low & 0xff, 1), 31) : start.getUTCDate(),
    month: kind === 'yearly' ? Math.min((low >>> 8) & 0xff, 11) : start.getUTCMonth(),
  };
  if (!KINDS[number]) plan.unknown = mask;
  return plan;
}

/**
 * @param {Plan} plan
 * @returns {Wire}
 */
export function encode(plan) {
  return { frm: whole(plan.from), to: whole(plan.to), len: whole(plan.length), msk: maskOf(plan) };
}

/** @param {Plan} plan */
export function maskOf(plan) {
  if (plan.unknown !== undefined) return plan.unknown;
  const number = KINDS.indexOf(plan.kind);
  let low = 0;
  let unit = 0;
  if (plan.kind === 'every') {
    unit = plan.unit & 3;
    low = Math.min(Math.max(Math.floor(plan.count) || 1, 1), LONGEST_COUNT);
  } else if (plan.kind === 'weekly') {
    plan.days.forEach((on, day) => {
      if (on) low |= 1 << day;
    });
  } else if (plan.kind === 'monthly') {
    low = plan.day & 0xff;
  } else if (plan.kind === 'yearly') {
    low = ((plan.month & 0xff) << 8) | (plan.day & 0xff);
  }
  return ((unit << 30) | (number << 26) | low) >>> 0;
}

/**
 * Seconds from one repetition to the next, Infinity for one shot.
 * @param {Plan} plan
 */
export function period(plan) {
  if (plan.kind === 'once') return Infinity;
  return plan.kind === 'every' ? plan.count * UNIT_SECONDS[plan.unit] : DAY;
}

/** Whether the day that this local second lies in is one of the plan's. @param {Plan} plan @param {number} at */
function onDay(plan, at) {
  const date = new Date(at * 1000);
  if (plan.kind === 'weekly') return plan.days[date.getUTCDay()];
  if (plan.kind === 'monthly') return date.getUTCDate() === plan.day;
  if (plan.kind === 'yearly') return date.getUTCDate() === plan.day && date.getUTCMonth() === plan.month;
  return true;
}

/**
 * Whether the board would say "active" at this second of its local clock.
 * @param {Plan} plan
 * @param {number} now
 */
export function activeAt(plan, now) {
  if (now < plan.from || (plan.to !== 0 && now >= plan.to) || !onDay(plan, now)) return false;
  const every = period(plan);
  return (every === Infinity ? now - plan.from : (now - plan.from) % every) <= plan.length;
}

/**
 * The begin of the next repetition after this second, null when there is none any more. The 29th of February is found
 * within eight years.
 * @param {Plan} plan
 * @param {number} now
 * @returns {number|null}
 */
export function next(plan, now) {
  const every = period(plan);
  let at = plan.from;
  if (at <= now) {
    if (every === Infinity) return null;
    at += (Math.floor((now - at) / every) + 1) * every;
  }
  for (let days = 0; days < 366 * 8 && !onDay(plan, at); days++) at += DAY;
  return onDay(plan, at) && (plan.to === 0 || at < plan.to) ? at : null;
}

/** A plan for somebody who has none: daily from the next full hour, half an hour. @param {number} now local seconds @returns {Plan} */
export function fresh(now) {
  const from = Math.ceil((now + 1) / 3600) * 3600;
  return decode({ frm: from, to: 0, len: 1800, msk: ((2 << 26) | 0x7f) >>> 0 });
}

/** How many seconds a length is, in the largest unit that says it without a rest. @param {number} seconds @returns {[number, number]} amount, unit */
export function amountOf(seconds) {
  for (let unit = 3; unit > 0; unit--) {
    if (seconds > 0 && seconds % UNIT_SECONDS[unit] === 0) return [seconds / UNIT_SECONDS[unit], unit];
  }
  return [seconds, 0];
}
