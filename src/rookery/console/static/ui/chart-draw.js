/** How charts look: axes, lines, bands and the zones of their labels, as options of uPlot. */
import { formatNumber, withUnit } from '../widgets/types.js';

/** @typedef {import('./chart-data.js').Columns} Columns */
/**
 * @typedef {object} Look
 * @property {string} id
 * @property {string} label
 * @property {string} [unit]
 * @property {number|null} [decimals]
 * @property {'left'|'right'} [axis]
 * @property {boolean} [step]
 * @property {'line'|'area'|'points'|'bars'} [shape]
 * @property {number} [colour] place in the fixed order of colours, from 0
 * @property {number} [min] the axis begins there
 * @property {number} [max]
 */

export const COLOURS = 8;
/** Range of states beside numbers: they run along the bottom. @type {[number, number]} */
const LANE = [-0.2, 9];
const MINUTE = 60_000;
const DAY = 86_400_000;

/** @type {WeakMap<Element, Map<string, string>>} */
const known = new WeakMap();

/**
 * What a custom property is as a colour here and now, as a canvas can take it.
 * @param {Element} host
 * @param {string} name
 */
export function token(host, name) {
  let colours = known.get(host);
  if (!colours) known.set(host, (colours = new Map()));
  let colour = colours.get(name);
  if (colour === undefined) {
    const probe = document.createElement('i');
    probe.hidden = true;
    probe.style.color = `var(${name})`;
    host.append(probe);
    colour = getComputedStyle(probe).color;
    probe.remove();
    colours.set(name, colour);
  }
  return colour;
}

/** Look the colours up again: the theme has changed. @param {Element} host */
export const forget = (host) => known.delete(host);

/** @param {Element} host @param {Look} look @param {number} place */
export const colourOf = (host, look, place) => token(host, seriesToken(look, place));

/** @param {Look} look @param {number} place */
export const seriesToken = (look, place) => `--series-${((look.colour ?? place) % COLOURS) + 1}`;

/** @param {string} colour `rgb(…)` @param {number} amount 0 to 1 */
function faint(colour, amount) {
  const parts = colour.match(/[\d.]+/g)?.slice(0, 3) ?? ['128', '128', '128'];
  return `rgb(${parts.join(' ')} / ${amount})`;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();
/** @param {string} key @param {Intl.DateTimeFormatOptions} options @param {number} ms */
function clock(key, options, ms) {
  let format = clocks.get(key);
  if (!format) clocks.set(key, (format = new Intl.DateTimeFormat(undefined, options)));
  return format.format(ms);
}

/** @param {number} ms */
const day = (ms) => clock('d', { day: 'numeric', month: 'short' }, ms);

/**
 * Labels of the time axis in the viewer's zone: as fine as the distance between them asks for, the day where it begins.
 * @param {number[]} splits ms
 * @param {number} step ms between them
 */
export function timeLabels(splits, step) {
  return splits.map((ms, at) => {
    if (step >= DAY) return day(ms);
    const date = new Date(ms);
    if (date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0 && (at || step >= 60 * MINUTE)) {
      return day(ms);
    }
    return step < MINUTE
      ? clock('s', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }, ms)
      : clock('m', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, ms);
  });
}

/** A moment in full, as the head of a chart and its table say it. @param {number} ms */
export const momentText = (ms) =>
  clock(
    'f',
    { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
    ms,
  );

/** Whether a step needs no more digits than these. @param {number} step @param {number} digits */
const wholeAt = (step, digits) =>
  Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6 * step * 10 ** digits &&
  Math.round(step * 10 ** digits) > 0;

/** Numbers of an axis: as many digits as tell its neighbours apart. @param {(number|null)[]} splits */
export function axisLabels(splits) {
  const [one, other] = splits;
  const step = typeof one === 'number' && typeof other === 'number' ? Math.abs(other - one) : 0;
  const digits = step ? ([0, 1, 2, 3, 4, 5, 6].find((each) => wholeAt(step, each)) ?? 6) : null;
  return splits.map((value) => {
    if (value === null) return '';
    const size = Math.abs(value);
    if (size >= 1e6) return `${formatNumber(value / 1e6)} M`;
    return formatNumber(value, digits);
  });
}

/** Which scale a series is drawn on: one for each unit and side. @param {Look} look */
export const scaleOf = (look) =>
  look.step
    ? 'state'
    : `y:${look.axis === 'right' ? 'right' : 'left'}:${look.unit ?? ''}:${look.min ?? ''}:${look.max ?? ''}`;

/**
 * @param {object} what
 * @param {any} what.uPlot
 * @param {HTMLElement} what.host
 * @param {Look[]} what.looks
 * @param {Columns} what.columns
 * @param {number} what.width
 * @param {number} what.height
 * @param {string} [what.syncKey]
 * @param {{on: string, off: string}} what.words
 * @param {Record<string, any>} what.hooks
 * @param {() => void} what.back
 */
export function optionsOf({ uPlot, host, looks, columns, width, height, syncKey, words, hooks, back }) {
  const quiet = () => token(host, '--muted');
  const line = () => token(host, '--neutral-200');
  const font = '12px system-ui, sans-serif';
  const tiny = height < 90 || width < 150;
  const sides = [...new Set(looks.map(scaleOf))];
  const single = looks.length === 1;
  const alone = looks.every((look) => look.step);

  /** @type {any[]} */
  const series = [{}];
  /** @type {any[]} */
  const bands = [];
  looks.forEach((look, place) => {
    const own = columns.series.get(look.id);
    const scale = scaleOf(look);
    const stroke = () => colourOf(host, look, place);
    const shape = look.shape ?? (single && !look.step ? 'area' : 'line');
    series.push({
      label: look.label,
      scale,
      stroke,
      width: shape === 'points' ? 0 : 1.75,
      fill:
        shape === 'area' || look.step
          ? () => faint(stroke(), 0.1)
          : shape === 'bars'
            ? () => faint(stroke(), 0.6)
            : undefined,
      paths: look.step
        ? uPlot.paths.stepped({ align: 1 })
        : shape === 'bars'
          ? uPlot.paths.bars({ size: [0.7, 24] })
          : shape === 'points'
            ? () => null
            : undefined,
      points: shape === 'points' ? { show: true, size: 4, fill: stroke } : { size: 4, fill: stroke, space: 14 },
    });
    if (own?.width === 3) {
      const at = series.length;
      const edge = { scale, stroke: 'transparent', width: 0, points: { show: false } };
      series.push(edge, { ...edge });
      bands.push({ series: [at + 1, at], fill: () => faint(stroke(), 0.22) });
    }
  });

  /** @type {Record<string, any>} */
  const scales = { x: { time: true } };
  /** @type {any[]} */
  const axes = [
    {
      scale: 'x',
      show: !tiny,
      stroke: quiet,
      font,
      size: 26,
      gap: 4,
      space: 72,
      grid: { show: false },
      ticks: { show: true, stroke: line, size: 4, width: 1 },
      values: (
        /** @type {any} */ _,
        /** @type {number[]} */ splits,
        /** @type {number} */ __,
        /** @type {number} */ ___,
        /** @type {number} */ step,
      ) => timeLabels(splits, step),
    },
  ];
  sides.forEach((scale, place) => {
    const look = /** @type {Look} */ (looks.find((one) => scaleOf(one) === scale));
    const state = scale === 'state';
    scales[scale] = state
      ? { range: alone ? [-0.08, 1.15] : LANE }
      : {
          range: (/** @type {any} */ _, /** @type {number|null} */ least, /** @type {number|null} */ most) =>
            rangeOf(uPlot, look, least, most),
        };
    const right = look.axis === 'right' || (place > 0 && look.axis !== 'left');
    axes.push({
      scale,
      side: right ? 1 : 3,
      show: width >= 150 && height >= 60 && (!state || alone),
      stroke: quiet,
      font,
      gap: 6,
      size: (/** @type {any} */ plot, /** @type {string[]|null} */ values) => {
        if (!values) return 34;
        plot.ctx.save();
        plot.ctx.font = font;
        const widest = Math.max(...values.map((text) => plot.ctx.measureText(text).width));
        plot.ctx.restore();
        return Math.ceil(widest) + 14;
      },
      space: 28,
      grid: { show: place === 0, stroke: line, width: 1 },
      ticks: { show: false },
      splits: state ? () => [0, 1] : undefined,
      values: state
        ? () => [words.off, words.on]
        : (/** @type {any} */ _, /** @type {(number|null)[]} */ splits) => axisLabels(splits),
    });
  });

  return {
    width,
    height,
    ms: 1,
    padding: [8, tiny ? 4 : 20, tiny ? 4 : 0, tiny ? 4 : 0],
    series,
    bands,
    scales,
    axes,
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 9, width: 2, fill: () => token(host, '--surface') },
      focus: { prox: 16 },
      sync: syncKey ? { key: syncKey, setSeries: false, scales: ['x', null] } : undefined,
      bind: { dblclick: () => () => (back(), null) },
    },
    select: { show: true },
    hooks,
  };
}

/**
 * The range of a value axis: what is set, else the values with some air; a flat line lies in the middle.
 * @param {any} uPlot
 * @param {Look} look
 * @param {number|null} least
 * @param {number|null} most
 */
function rangeOf(uPlot, look, least, most) {
  const [low, high] = least === null || most === null ? [0, 1] : [least, most];
  const found =
    low === high
      ? [low - Math.max(Math.abs(low) * 0.05, 0.5), high + Math.max(Math.abs(high) * 0.05, 0.5)]
      : uPlot.rangeNum(low, high, { min: { pad: 0.12, soft: 0, mode: 3 }, max: { pad: 0.12, soft: 0, mode: 3 } });
  const range = [look.min ?? found[0], look.max ?? found[1]];
  return range[0] < range[1] ? range : found;
}

/** @param {number|null|undefined} value @param {Look} look @param {{on: string, off: string}} words */
export function valueText(value, look, words) {
  if (typeof value !== 'number') return '–';
  if (look.step) return value >= 0.5 ? words.on : words.off;
  return withUnit(formatNumber(value, look.decimals), look.unit ?? '');
}
