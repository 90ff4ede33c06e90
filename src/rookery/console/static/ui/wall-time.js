/** A TIME is what a clock on the wall of the thing shows, in seconds as if that clock were at UTC. */

/** As people read it; it is read without a zone of the viewer. @param {number} seconds */
export function wallTime(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }).format(date);
}

/** As people type it. @param {number} seconds */
export function wallText(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, 19).replace('T', ' ');
}

/** What was typed, in seconds: `2026-11-21 15:30`, or the seconds themselves; undefined when it is neither.
 * @param {string} text */
export function wallSeconds(text) {
  const typed = text.trim();
  if (/^\d{1,12}$/.test(typed)) return Number(typed);
  const found = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?$/.exec(typed);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1).map((part) => Number(part ?? 0));
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  // 30 February is a day in March to Date, and a mistake to people.
  return new Date(at).toISOString().startsWith(typed.slice(0, 10)) && hour < 24 && minute < 60 && second < 60 ? at / 1000 : undefined;
}
