import { html, signal } from '../html.js';
import t from '../strings/ui.js';

/** Ticks so that relative times stay true; one clock for the whole page. */
export const now = signal(Date.now());
setInterval(() => {
  if (document.visibilityState === 'visible') now.value = Date.now();
}, 5_000);
document.addEventListener('visibilitychange', () => {
  now.value = Date.now();
});

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
/** @type {Array<[Intl.RelativeTimeFormatUnit, number]>} */
const UNITS = [
  ['year', 31_557_600_000],
  ['month', 2_629_800_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** @param {number | string | Date | null | undefined} at @returns {number | null} ms since 1970 */
export function toMs(at) {
  if (at === null || at === undefined || at === '') return null;
  const ms = typeof at === 'number' ? at : at instanceof Date ? at.getTime() : Date.parse(at);
  return Number.isFinite(ms) ? ms : null;
}

/** "3 minutes ago", "in 2 days".
 * @param {number} at ms since 1970
 * @param {number} [from] */
export function ago(at, from = Date.now()) {
  const away = at - from;
  if (Math.abs(away) < 5_000) return t.justNow;
  const [unit, length] = UNITS.find(([, each]) => Math.abs(away) >= each) ?? UNITS[UNITS.length - 1];
  return relative.format(Math.trunc(away / length), unit);
}

/** The exact time in the viewer's zone. @param {number} at */
export function exactly(at) {
  return exact.format(at);
}

/** "2 min 5 s": how long something takes. @param {number} ms */
export function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 ? ` ${s % 60} s` : ''}`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h${Math.floor((s % 3600) / 60) ? ` ${Math.floor((s % 3600) / 60)} min` : ''}`;
  const days = Math.floor(s / 86_400);
  return `${days} ${days === 1 ? 'day' : 'days'}`;
}

/** A relative time with the exact one in its title.
 * @param {{at: number | string | Date | null | undefined, exact?: boolean}} props exact: the other way round */
export function Time({ at, exact: turned = false }) {
  const ms = toMs(at);
  if (ms === null) return html`<span class="muted">${t.never}</span>`;
  const near = ago(ms, now.value);
  const full = exactly(ms);
  return html`<time class="num" datetime=${new Date(ms).toISOString()} title=${turned ? near : full}>${turned ? full : near}</time>`;
}
