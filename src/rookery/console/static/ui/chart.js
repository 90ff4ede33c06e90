/**
 * Values over time. Drag to zoom, double-click (or Escape) to go back, arrows to walk along the points; charts with the
 * same `syncKey` share the cursor. With `live` the window follows the clock and `feed` brings points one by one: they
 * are appended in place and drawn a few times a second while somebody can see them.
 */
import { html, useCallback, useEffect, useId, useMemo, useRef, useState } from '../html.js';
import { style } from '../style.js';
import words from '../strings/widgets.js';
import { Columns } from './chart-data.js';
import { forget, momentText, optionsOf, seriesToken, valueText } from './chart-draw.js';
import { drawn } from './chart-frames.js';
import { ChartMenu, ChartTable } from './chart-menu.js';

await style('chart');

const t = words.chart;

/** @typedef {import('./chart-draw.js').Look & import('./chart-data.js').Source} ChartSeries */
/** @typedef {(id: string, ms: number, value: number|null) => void} Append */
/**
 * @typedef {object} ChartProps
 * @property {ChartSeries[]} series another array is another history: keep it while points are fed
 * @property {number} from ms
 * @property {number} to ms
 * @property {number} [height] px; without it the chart fills what it is in
 * @property {string} [syncKey]
 * @property {(from: number|null, to?: number) => void} [onRange] a range was chosen; null: go back
 * @property {string} [name] for people who can not see it, and for files
 * @property {boolean} [live] the window follows the clock
 * @property {(append: Append) => (() => void)} [feed] calls for each new point; answers how to stop
 * @property {boolean} [loading]
 * @property {boolean} [legend] default true
 * @property {boolean} [menu] default true
 */

/** ms */
const TOLD_EVERY = 2_000;

let loadedPlot = /** @type {Promise<any>|null} */ (null);
/** uPlot, when the first chart needs it. */
function loadPlot() {
  loadedPlot ??= Promise.all([import('uplot'), style('vendor/uplot')]).then(([module]) => module.default);
  loadedPlot.catch(() => {
    loadedPlot = null;
  });
  return loadedPlot;
}

/** @param {ChartProps} props */
export function Chart({
  series,
  from,
  to,
  height,
  syncKey,
  onRange,
  name = '',
  live = false,
  feed,
  loading,
  legend = true,
  menu = true,
}) {
  const host = useRef(/** @type {HTMLElement|null} */ (null));
  const says = useRef(/** @type {HTMLParagraphElement|null} */ (null));
  const told = useRef({ columns: /** @type {Columns|null} */ (null), at: 0 });
  const note = useRef(/** @type {HTMLParagraphElement|null} */ (null));
  const area = useRef(/** @type {HTMLDivElement|null} */ (null));
  const time = useRef(/** @type {HTMLElement|null} */ (null));
  const values = useRef(/** @type {Map<string, HTMLElement>} */ (new Map()));
  const plot = useRef(/** @type {any} */ (null));
  const id = useId();
  const [table, setTable] = useState(false);
  const [zoom, setZoom] = useState(/** @type {[number, number]|null} */ (null));
  const [hidden, setHidden] = useState(/** @type {string[]} */ ([]));

  const span = Math.max(to - from, 1);
  const columns = useMemo(() => new Columns(series, span), [series, span]);
  const state = useRef({ from, to, live, zoom, columns, series, onRange, hidden });
  state.current = { from, to, live, zoom, columns, series, onRange, hidden };

  const window_ = useCallback(() => {
    const now = state.current;
    if (now.zoom) return now.zoom;
    return now.live ? [Date.now() - (now.to - now.from), Date.now()] : [now.from, now.to];
  }, []);

  const choose = useCallback((/** @type {number|null} */ low, /** @type {number} */ high = 0) => {
    const { onRange: tell } = state.current;
    if (tell) tell(low, high);
    else setZoom(low === null ? null : [low, high]);
  }, []);

  /** What stands in the legend: the values under the cursor, else the last ones. */
  const label = useCallback(() => {
    const { columns: now, series: all } = state.current;
    const at = plot.current?.cursor.idx;
    const under = at !== null && at !== undefined && plot.current.cursor.left >= 0;
    for (const one of all) {
      const place = values.current.get(one.id);
      if (!place) continue;
      let value = now.last(one.id)?.[1];
      if (under) {
        const column = (now.series.get(one.id)?.at ?? 0) + 1;
        const row = plot.current.cursor.idxs?.[column] ?? at;
        value = plot.current.data[column]?.[row] ?? undefined;
      }
      const text = valueText(value, one, words.states);
      if (place.textContent !== text) place.textContent = text;
    }
    if (time.current) time.current.textContent = under ? momentText(now.times[at]) : '';
  }, []);

  /** What is read out instead of the picture; texts that nobody waits for are not made anew with every point. */
  const tell = useCallback(() => {
    const { columns: now, series: all } = state.current;
    const at = performance.now();
    if (!says.current || (told.current.columns === now && at - told.current.at < TOLD_EVERY)) return;
    told.current = { columns: now, at };
    const [low, high] = window_();
    says.current.textContent = `${all.map((one) => saying(now, one, low, high)).join(' ')} ${t.keys}`;
  }, []);

  const draw = useCallback(() => {
    const made = plot.current;
    tell();
    if (!made) return;
    const { columns: now } = state.current;
    if (note.current) note.current.hidden = now.times.length > 0;
    const [min, max] = window_();
    if (state.current.live && !state.current.zoom) now.trim(min - (max - min) * 0.02);
    made.batch(() => {
      made.setData(now.data, false);
      made.setScale('x', { min, max });
    });
    label();
  }, []);

  /** As often as the line moves by half a pixel, five times a second at most and once at least. */
  const pace = useCallback(() => {
    const { from: low, to: high } = state.current;
    const width = Math.max(area.current?.clientWidth ?? 0, 40);
    frames.current?.pace(Math.min(Math.max((high - low) / width / 2, 200), 1000));
  }, []);
  const frames = useRef(/** @type {ReturnType<typeof drawn>|null} */ (null));
  const shape = series
    .map((one) =>
      [
        one.id,
        one.label,
        one.unit,
        one.axis,
        one.shape,
        one.step,
        one.colour,
        one.min,
        one.max,
        columns.series.get(one.id)?.width,
      ].join(),
    )
    .join(';');

  useEffect(() => {
    const place = /** @type {HTMLDivElement} */ (area.current);
    const figure = /** @type {HTMLElement} */ (host.current);
    let gone = false;
    /** @type {(() => void)[]} */
    const undo = [];
    loadPlot().then(
      (uPlot) => {
        if (gone) return;
        const size = () => ({
          width: Math.max(place.clientWidth, 40),
          height: Math.max(height ?? place.clientHeight, 40),
        });
        const make = () => {
          plot.current?.destroy();
          const { columns: now, series: looks } = state.current;
          plot.current = new uPlot(
            optionsOf({
              uPlot,
              host: figure,
              looks,
              columns: now,
              ...size(),
              syncKey,
              words: words.states,
              back: () => choose(null),
              hooks: {
                setCursor: [label],
                setSelect: [
                  (/** @type {any} */ made) => {
                    if (made.select.width < 4) return;
                    const [low, high] = [made.select.left, made.select.left + made.select.width].map((x) =>
                      made.posToVal(x, 'x'),
                    );
                    made.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
                    if (high - low > 1) choose(low, high);
                  },
                ],
              },
            }),
            now.data,
            place,
          );
          const canvas = place.querySelector('canvas');
          canvas?.setAttribute('aria-hidden', 'true');
          pace();
          draw();
          hide();
        };
        frames.current = drawn(figure, draw);
        let [was, tall] = [-1, false];
        const watch = new ResizeObserver(() => {
          const now = size();
          const kind = now.height < 90 || now.width < 150;
          if (was < 0 || kind !== tall || was < 150 !== now.width < 150) make();
          else plot.current?.setSize(now);
          [was, tall] = [now.width, kind];
        });
        watch.observe(place);
        const dark = matchMedia('(prefers-color-scheme: dark)');
        const recolour = () => {
          forget(figure);
          plot.current?.redraw(false, true);
        };
        dark.addEventListener('change', recolour);
        const theme = new MutationObserver(recolour);
        theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class'] });
        undo.push(
          () => watch.disconnect(),
          () => dark.removeEventListener('change', recolour),
          () => theme.disconnect(),
        );
      },
      (error) => console.warn(error),
    );
    return () => {
      gone = true;
      for (const each of undo) each();
      frames.current?.stop();
      frames.current = null;
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape, syncKey, height]);

  useEffect(draw, [columns, from, to, live, zoom]);
  useEffect(pace, [span]);

  const hide = useCallback(() => {
    const { columns: now, series: all, hidden: off } = state.current;
    for (const one of all) {
      const own = now.series.get(one.id);
      for (let more = 0; own && more < own.width; more++) {
        plot.current?.setSeries(own.at + 1 + more, { show: !off.includes(one.id) });
      }
    }
  }, []);
  useEffect(hide, [hidden]);

  useEffect(() => {
    if (!feed) return undefined;
    return feed((one, ms, value) => {
      state.current.columns.append(one, ms, value);
      frames.current?.touch();
    });
  }, [feed]);

  useEffect(() => {
    if (!live) return undefined;
    const width = () => Math.max(area.current?.clientWidth ?? 300, 50);
    const timer = setInterval(() => frames.current?.touch(), Math.min(Math.max(span / width(), 1000), 15_000));
    return () => clearInterval(timer);
  }, [live, span]);

  return html`<figure class="chart" ref=${host} style=${height ? { '--chart-height': `${height}px` } : {}}>
    ${
      (legend || menu) &&
      html`<figcaption class="chart-head">
        ${
          legend &&
          html`<ul class="chart-legend">
            ${series.map(
              (one, place) =>
                html`<${LegendItem}
                  key=${one.id}
                  one=${one}
                  place=${place}
                  shown=${!hidden.includes(one.id)}
                  single=${series.length === 1}
                  values=${values.current}
                  onToggle=${() => setHidden((now) => (now.includes(one.id) ? now.filter((each) => each !== one.id) : [...now, one.id]))}
                />`,
            )}
          </ul>`
        }
        <span class="chart-time" ref=${time}></span>
        ${
          menu &&
          html`<${ChartMenu}
            name=${name}
            zoomed=${Boolean(zoom)}
            onBack=${() => choose(null)}
            onTable=${() => setTable(true)}
            now=${() => ({ plot: plot.current, host: host.current, columns: state.current.columns, looks: state.current.series })}
          />`
        }
      </figcaption>`
    }
    <div
      class="chart-area"
      ref=${area}
      role="application"
      tabindex="0"
      aria-roledescription=${t.role}
      aria-label=${name || t.role}
      aria-describedby=${`${id}-says`}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => walk(event, plot.current, columns, choose)}
    >
      ${!loading && html`<p class="chart-empty" ref=${note} hidden=${columns.times.length > 0}>${t.empty}</p>`}
      ${loading && html`<p class="chart-empty chart-loading">${t.loading}</p>`}
    </div>
    <p class="chart-says" id=${`${id}-says`} ref=${says}></p>
    ${table && html`<${ChartTable} name=${name} columns=${columns} looks=${series} onClose=${() => setTable(false)} />`}
  </figure>`;
}

/** @param {any} props */
function LegendItem({ one, place, shown, single, values, onToggle }) {
  const name = html`<i class="chart-swatch" style=${{ background: `var(${seriesToken(one, place)})` }}></i
    ><span class="chart-label">${one.label}</span>`;
  const value = html`<b
    class="chart-value"
    ref=${(/** @type {HTMLElement|null} */ element) => (element ? values.set(one.id, element) : values.delete(one.id))}
  ></b>`;
  return html`<li class=${`chart-key ${shown ? '' : 'is-hidden'}`}>
    ${single ? html`<span class="chart-name">${name}</span>` : html`<button type="button" class="chart-name" aria-pressed=${shown} title=${t.toggle(one.label)} onClick=${onToggle}>${name}</button>`}
    ${value}
  </li>`;
}

/** One sentence on what a series did. @param {Columns} columns @param {ChartSeries} one @param {number} from @param {number} to */
function saying(columns, one, from, to) {
  const found = columns.summary(one.id, from, to);
  const last = columns.last(one.id);
  if (!found || !last) return t.saysNothing(one.label);
  /** @param {number} value */
  const text = (value) => valueText(value, one, words.states);
  return t.says(one.label, text(last[1]), momentText(last[0]), text(found.least), text(found.most), found.count);
}

/**
 * Keys: arrows move the cursor, plus and minus zoom around it, Escape goes back.
 * @param {KeyboardEvent} event
 * @param {any} plot
 * @param {Columns} columns
 * @param {(from: number|null, to?: number) => void} choose
 */
function walk(event, plot, columns, choose) {
  if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
  const { times } = columns;
  const { min, max } = plot.scales.x;
  const at = plot.cursor.idx ?? times.length - 1;
  const step = event.shiftKey ? 10 : 1;
  /** @param {number} row */
  const go = (row) => {
    const time = times[Math.min(Math.max(row, 0), times.length - 1)];
    if (time !== undefined)
      plot.setCursor({ left: Math.max(plot.valToPos(Math.min(Math.max(time, min), max), 'x'), 0), top: 20 });
  };
  /** @param {number} factor */
  const scale = (factor) => {
    const middle = times[plot.cursor.idx ?? -1] ?? (min + max) / 2;
    choose(middle - (middle - min) * factor, middle + (max - middle) * factor);
  };
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => go(at - step),
    ArrowRight: () => go(at + step),
    Home: () => go(0),
    End: () => go(times.length - 1),
    '+': () => scale(0.5),
    '=': () => scale(0.5),
    '-': () => scale(2),
    Escape: () => choose(null),
  };
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}
