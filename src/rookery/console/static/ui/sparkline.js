import { html, useMemo } from '../html.js';
import { number } from './text.js';
import t from '../strings/ui.js';

/** A line without axes. Points with null are gaps.
 * @param {{points: Array<[number, number | null]>, width?: number, height?: number, label?: string, area?: boolean,
 *   from?: number, to?: number}} props */
export function Sparkline({ points, width = 120, height = 28, label, area = false, from, to }) {
  const drawn = useMemo(() => {
    const real = /** @type {Array<[number, number]>} */ (points.filter(([, value]) => typeof value === 'number' && Number.isFinite(value)));
    if (!real.length) return null;
    const start = from ?? points[0][0];
    const span = (to ?? points[points.length - 1][0]) - start || 1;
    let [low, high] = [Infinity, -Infinity];
    for (const [, value] of real) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const flat = high === low;
    const x = (/** @type {number} */ ms) => (2 + ((ms - start) / span) * (width - 4)).toFixed(1);
    const y = (/** @type {number} */ v) => (flat ? height / 2 : height - 2 - ((v - low) / (high - low)) * (height - 4)).toFixed(1);
    let line = '';
    let fill = '';
    /** @type {string | null} */
    let first = null;
    let before = '';
    for (const [ms, value] of points) {
      if (value === null || !Number.isFinite(value)) {
        if (first !== null) fill += `L${before} ${height}L${first} ${height}Z`;
        first = null;
        continue;
      }
      const at = `${x(ms)} ${y(value)}`;
      line += `${first === null ? 'M' : 'L'}${at}`;
      fill += `${first === null ? 'M' : 'L'}${at}`;
      first ??= x(ms);
      before = x(ms);
    }
    if (first !== null) fill += `L${before} ${height}L${first} ${height}Z`;
    const last = real[real.length - 1];
    return { line, fill, end: [x(last[0]), y(last[1])], last: last[1], count: real.length };
  }, [points, width, height, from, to]);
  if (!drawn) return html`<span class="sparkline muted"></span>`;
  const says = `${label ? `${label}: ` : ''}${t.sparkline(drawn.count, number(drawn.last))}`;
  return html`<svg class="sparkline" viewBox=${`0 0 ${width} ${height}`} width=${width} height=${height} role="img" aria-label=${says}>
    ${area ? html`<path class="sparkline-area" d=${drawn.fill} />` : null}
    <path class="sparkline-line" d=${drawn.line} />
    <circle class="sparkline-end" cx=${drawn.end[0]} cy=${drawn.end[1]} r="2" />
  </svg>`;
}
