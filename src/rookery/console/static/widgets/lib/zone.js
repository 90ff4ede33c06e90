/**
 * Clocks of things. A board that asks for "local seconds" means what a wall clock beside it shows, written as if it were
 * UTC (device reference 4.3, 6.4). These functions go between that, real time, and the fields of a form. Pure.
 */

/**
 * Seconds by which the zone's clocks are ahead of UTC at this moment. A name the browser does not know counts as UTC.
 * @param {string} zone IANA name; '' is the viewer's own zone
 * @param {number} ms
 */
export function offsetAt(zone, ms) {
  if (!zone) return -new Date(ms).getTimezoneOffset() * 60;
  const format = formatOf(zone);
  if (!format) return 0;
  /** @type {Record<string, number>} */
  const part = {};
  for (const { type, value } of format.formatToParts(ms)) part[type] = Number(value);
  const shown = Date.UTC(part.year, part.month - 1, part.day, part.hour % 24, part.minute, part.second);
  return Math.round((shown - Math.floor(ms / 1000) * 1000) / 1000);
}

/** @type {Map<string, Intl.DateTimeFormat|null>} */
const formats = new Map();

/** @param {string} zone */
function formatOf(zone) {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      format = null;
    }
    formats.set(zone, format);
  }
  return format;
}

/**
 * What a clock in the zone shows now, in local seconds.
 * @param {string} zone
 * @param {number} ms
 */
export function localSeconds(zone, ms) {
  return Math.floor(ms / 1000) + offsetAt(zone, ms);
}

/** @param {number} value @param {number} [size] */
const two = (value, size = 2) => String(value).padStart(size, '0');

/**
 * Values for `<input type=date>` and `<input type=time>`.
 * @param {number} local seconds of a local clock
 * @returns {{date: string, time: string}}
 */
export function fieldsOf(local) {
  const date = new Date(local * 1000);
  const seconds = date.getUTCSeconds();
  return {
    date: `${two(date.getUTCFullYear(), 4)}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`,
    time: `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}${seconds ? `:${two(seconds)}` : ''}`,
  };
}

/**
 * Local seconds of what stands in the two fields, null when that is no moment.
 * @param {string} date
 * @param {string} time
 * @returns {number|null}
 */
export function secondsOf(date, time) {
  const day = /^(\d{4,6})-(\d\d)-(\d\d)$/.exec(date);
  const hour = /^(\d\d):(\d\d)(?::(\d\d))?/.exec(time);
  if (!day || !hour) return null;
  const [year, month, dayOfMonth] = [Number(day[1]), Number(day[2]), Number(day[3])];
  const ms = Date.UTC(year, month - 1, dayOfMonth, Number(hour[1]), Number(hour[2]), Number(hour[3] ?? 0));
  const back = new Date(ms);
  if (back.getUTCDate() !== dayOfMonth || back.getUTCMonth() !== month - 1 || ms < 0) return null;
  return ms / 1000;
}
