import { html, useLayoutEffect, useMemo, useState } from '../html.js';
import { useLive } from '../api/live.js';
import { useLoad } from '../api/rest.js';
import { session } from '../api/session.js';
import { setQuery } from '../router.js';
import { style } from '../style.js';
// Not from ui/index.js: this page is the first one, and needs few of them.
import { Button } from '../ui/button.js';
import { Icon } from '../ui/icon.js';
import { Page, Panel } from '../ui/page.js';
import { ErrorBox, Progress, Skeleton } from '../ui/state.js';
import { bytes, number, Tag } from '../ui/text.js';
import { Time } from '../ui/time.js';
import { Beginning } from './parts/home-empty.js';
import { Trend } from './parts/home-trend.js';
import t from '../strings/home.js';

await style('home');

export const title = t.title;

/** What people who do not run the server see is their space's: `online` and `devices` only.
 * @typedef {{online: number, devices: number, messages_per_s?: number, points_per_s?: number, storage_bytes?: number,
 *   disk_free_bytes?: number, days_left?: number | null, alarm?: string | null}} Numbers */

const RANGES = /** @type {Array<keyof typeof t.range>} */ (/** @type {unknown} */ (Object.keys(t.range)));
const HOUR = 3_600_000;
/** How often the curves grow by what the live numbers say. */
const STEP = 10_000;

/** @param {{query: Record<string, string>}} props */
export default function Home({ query }) {
  // On a server that has just been started, six hours would be an empty picture.
  const [usual] = useState(() => (Date.now() - session.value.server.started < 2 * HOUR ? '1' : '6'));
  const hours = RANGES.map(String).includes(query.hours) ? query.hours : usual;
  const load = useLoad((api) => api.own('GET', 'pulse', { query: { hours } }), [hours]);
  const [now, setNow] = useState(/** @type {Numbers | null} */ (null));
  const [late, setLate] = useState(/** @type {Array<[number, number, number]>} */ ([]));
  useLive('pulse', (message) => {
    const fresh = /** @type {Numbers} */ (/** @type {unknown} */ (message));
    if (typeof fresh.online !== 'number') return;
    setNow(fresh);
    setLate((before) => {
      const at = Date.now();
      if (before.length && at - before[before.length - 1][0] < STEP) return before;
      return [...before.slice(-2_000), [at, fresh.online, fresh.messages_per_s ?? 0]];
    });
  });
  useLayoutEffect(() => setLate([]), [load.data]);
  const numbers = now ?? load.data?.now;
  const rows = useMemo(() => [...(load.data?.history ?? []).map((/** @type {number[]} */ row) => row.slice(0, 3)), ...late], [load.data, late]);
  const to = Math.max(rows[rows.length - 1]?.[0] ?? 0, Math.floor(Date.now() / STEP) * STEP);
  const from = to - Number(hours) * HOUR;
  const shown = rows.filter((row) => row[0] >= from);
  // The count of boards is looked at once a minute; who is online is known at once.
  const fresh = numbers?.devices === 0 && numbers.online === 0 && load.state === 'ready';
  return html`<${Page}
    title=${t.title}
    line=${t.line}
    action=${fresh ? null : html`<${Button} kind="primary" icon="plug" href="/console/connect" label=${t.connect} />`}
  >
    ${load.state === 'error' && !load.data ? html`<${ErrorBox} error=${load.error} retry=${load.reload} />` : null}
    <${ErrorBox} error=${numbers?.alarm} />
    ${fresh ? html`<${Beginning} />` : null}
    ${numbers ? html`<${Tiles} now=${numbers} />` : load.state === 'loading' ? html`<${Skeleton} rows=${4} />` : null}
    ${load.data && session.value.person?.operator
      ? html`<div class="home-curves">
          <${Panel}
            title=${t.onlineOver}
            calls=${load.calls}
            actions=${html`<${Ranges} hours=${hours} usual=${usual} />`}
          >
            <${Curve} name=${t.onlineOver} rows=${shown} column=${1} from=${from} to=${to} whole=${true} />
          <//>
          <${Panel} title=${t.messagesOver} calls=${load.calls}>
            <${Curve} name=${t.messagesOver} rows=${shown} column=${2} from=${from} to=${to} />
          <//>
        </div>`
      : null}
    ${load.data
      ? html`<div class="home-lists">
          <${Works} />
          ${session.value.person?.operator ? html`<${Errors} errors=${load.data.errors} />` : null}
        </div>`
      : null}
  <//>`;
}

/** @param {{hours: string, usual: string}} props */
function Ranges({ hours, usual }) {
  return html`<div class="home-ranges" role="group" aria-label=${t.ranges}>
    ${RANGES.map(
      (each) => html`<button
        type="button"
        key=${each}
        class="home-range"
        aria-pressed=${String(String(each) === hours)}
        onClick=${() => setQuery({ hours: String(each) === usual ? null : String(each) })}
      >
        ${t.range[each]}
      </button>`,
    )}
  </div>`;
}

/** @param {{name: string, rows: number[][], column: number, from: number, to: number, whole?: boolean}} props */
function Curve({ name, rows, column, from, to, whole }) {
  const points = useMemo(() => /** @type {Array<[number, number]>} */ (rows.map((row) => [row[0], row[column]])), [rows.length, to, column]);
  if (!points.length) return html`<p class="muted home-none">${t.noHistory}</p>`;
  return html`<${Trend} name=${name} points=${points} from=${from} to=${to} whole=${whole} />`;
}

/** @param {{now: Numbers}} props */
function Tiles({ now }) {
  const few = (/** @type {number} */ n) => number(n < 10 ? Math.round(n * 10) / 10 : Math.round(n));
  const days = now.days_left ?? null;
  const room = days !== null ? t.daysLeft(days) : now.disk_free_bytes ? t.free(bytes(now.disk_free_bytes)) : '';
  return html`<dl class="home-tiles" aria-label=${t.numbers}>
    <${Tile} icon="plug-zap" name=${t.online} value=${number(now.online)} note=${now.devices >= now.online ? t.ofAll(now.devices) : ''} href="/console/devices" />
    ${now.messages_per_s === undefined ? null : html`<${Tile} icon="activity" name=${t.messages} value=${few(now.messages_per_s)} />`}
    ${now.points_per_s === undefined ? null : html`<${Tile} icon="database" name=${t.points} value=${few(now.points_per_s)} />`}
    ${now.storage_bytes === undefined
      ? null
      : html`<${Tile} icon="hard-drive" name=${t.storage} value=${bytes(now.storage_bytes)} note=${room} warn=${days !== null && days < 14} />`}
  </dl>`;
}

/** @param {{icon: string, name: string, value: string, note?: string, href?: string, warn?: boolean}} props */
function Tile({ icon, name, value, note, href, warn }) {
  return html`<div class="home-tile">
    <dt><${Icon} name=${icon} />${href ? html`<a href=${href}>${name}</a>` : name}</dt>
    <dd>
      <span class="home-number num live">${value}</span>
      ${note ? html`<span class=${warn ? 'home-note warning-text' : 'home-note muted'}>${note}</span>` : null}
    </dd>
  </div>`;
}

/** Long works go on when their page is closed; here they are found again. */
function Works() {
  const load = useLoad((api) => api.own('GET', 'work'));
  useLive('work', (message) => message.k === 'work' && load.set({ works: message.works }));
  const works = load.data?.works ?? [];
  if (!works.length) return null;
  return html`<${Panel} title=${t.works} calls=${load.calls}>
    <ul class="plain stack">
      ${works.map(
        (/** @type {any} */ each) => html`<li key=${each.id}>
          ${each.state === 'running'
            ? html`<${Progress} label=${each.label} done=${each.done} total=${each.total} unit=${each.unit} since=${each.started} />`
            : html`<div class="row row-apart">
                <span>${each.href ? html`<a href=${each.href}>${each.label}</a>` : each.label}</span>
                <${Tag} label=${each.state === 'done' ? t.workDone : t.workFailed} kind=${each.state === 'done' ? 'ok' : 'error'} />
              </div>`}
          ${each.message ? html`<p class="muted small">${each.message}</p>` : null}
        </li>`,
      )}
    </ul>
  <//>`;
}

/** @param {{errors: Array<{time: number, what: string, who?: string | null, message?: string | null,
 *   count?: number}> | null | undefined}} props */
function Errors({ errors }) {
  return html`<${Panel} title=${t.errors}>
    ${errors?.length
      ? html`<ul class="plain home-errors">
          ${errors.map(
            (each, at) => html`<li key=${`${each.time} ${at}`} class="home-error">
              <${Icon} name="triangle-alert" />
              <div class="grow">
                <p>
                  <strong>${each.what}</strong>${each.who ? html`<span class="muted"> · ${each.who}</span>` : null}
                  ${each.count && each.count > 1 ? html` <${Tag} label=${t.times(each.count)} />` : null}
                </p>
                ${each.message ? html`<p class="muted">${each.message}</p>` : null}
              </div>
              <span class="muted small"><${Time} at=${each.time} /></span>
            </li>`,
          )}
        </ul>`
      : html`<p class="home-fine"><${Icon} name="circle-check" /><span class="muted">${t.noErrors}</span></p>`}
  <//>`;
}
