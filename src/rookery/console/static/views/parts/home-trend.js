import { html, useEffect, useMemo, useRef, useState } from '../../html.js';
import { number } from '../../ui/text.js';
import { exactly } from '../../ui/time.js';
import { ceiling, roundTimes, runs } from './home-scale.js';
import t from '../../strings/home.js';

const HEIGHT = 168;
const LEFT = 36;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 22;
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** One curve with a scale, small enough for the first page: the large charts are elsewhere.
 * @param {{name: string, points: Array<[number, number]>, from: number, to: number, whole?: boolean}} props whole: counts */
export function Trend({ name, points, from, to, whole = false }) {
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(480);
  const [over, setOver] = useState(/** @type {number | null} */ (null));
  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.max(200, Math.round(entry.contentRect.width))));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const most = points.reduce((high, [, value]) => Math.max(high, value), 0);
  const top = whole ? Math.max(2, ceiling(most + (most % 2))) : ceiling(most * 1.05);
  const x = (/** @type {number} */ ms) => LEFT + ((ms - from) / (to - from)) * (width - LEFT - RIGHT);
  const y = (/** @type {number} */ value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const drawn = useMemo(() => {
    const floor = y(0).toFixed(1);
    return runs(points).map((run) => {
      const line = run.map(([ms, value]) => `${x(ms).toFixed(1)} ${y(value).toFixed(1)}`).join('L');
      const ends = [x(run[0][0]).toFixed(1), x(run[run.length - 1][0]).toFixed(1)];
      return { line: `M${line}`, area: `M${ends[0]} ${floor}L${line}L${ends[1]} ${floor}Z` };
    });
  }, [points, width, from, to, top]);
  const long = to - from > 36 * 3_600_000;
  const times = roundTimes(from, to, Math.max(3, Math.min(8, Math.floor(width / 80))));
  const last = points[points.length - 1];
  const near = over === null || !points.length ? null : points.reduce((best, each) => (Math.abs(each[0] - over) < Math.abs(best[0] - over) ? each : best));
  const format = (/** @type {number} */ value) => number(whole ? Math.round(value) : value < 100 ? Math.round(value * 100) / 100 : Math.round(value));
  return html`<div class="trend" ref=${frame}>
    <svg
      width=${width}
      height=${HEIGHT}
      viewBox=${`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label=${last ? t.trend(name, format(last[1]), format(most)) : t.noHistory}
      onPointerMove=${(/** @type {PointerEvent} */ event) => {
        const box = /** @type {SVGElement} */ (event.currentTarget).getBoundingClientRect();
        setOver(from + ((event.clientX - box.left - LEFT) / (width - LEFT - RIGHT)) * (to - from));
      }}
      onPointerLeave=${() => setOver(null)}
    >
      ${[0, 0.5, 1].map(
        (part) => html`<line class="trend-grid" x1=${LEFT} x2=${width - RIGHT} y1=${y(part * top)} y2=${y(part * top)} />
          <text class="trend-text" x=${LEFT - 8} y=${y(part * top) + 4} text-anchor="end">${number(part * top)}</text>`,
      )}
      ${times
        .filter((ms) => x(ms) > LEFT + 20 && x(ms) < width - 24)
        .map((ms) => html`<text class="trend-text" x=${x(ms)} y=${HEIGHT - 5} text-anchor="middle">${(long ? day : clock).format(ms)}</text>`)}
      ${drawn.map(({ line, area }) => html`<path class="trend-area" d=${area} /><path class="trend-line" d=${line} />`)}
      ${last && points.length === 1 ? html`<circle class="trend-point" cx=${x(last[0])} cy=${y(last[1])} r="2.5" />` : null}
      ${near
        ? html`<line class="trend-cursor" x1=${x(near[0])} x2=${x(near[0])} y1=${TOP} y2=${HEIGHT - BOTTOM} />
            <circle class="trend-point" cx=${x(near[0])} cy=${y(near[1])} r="3.5" />`
        : null}
    </svg>
    ${near
      ? html`<div class="trend-tip num" style=${{ left: `${Math.min(width - 150, Math.max(0, x(near[0]) + 10))}px` }}>
          <strong>${format(near[1])}</strong><span class="muted">${exactly(near[0])}</span>
        </div>`
      : null}
  </div>`;
}
