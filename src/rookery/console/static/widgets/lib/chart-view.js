/** The chart of one or several variables: history from the API, then point by point. */
import { live as line } from '../../api/live.js';
import { html, useCallback, useEffect, useMemo, useRef, useState } from '../../html.js';
import words from '../../strings/widgets.js';
import { Button } from '../../ui/index.js';
import { Chart } from '../../ui/chart.js';
import { numberOf } from '../../ui/history.js';
import { family } from '../types.js';

/** @typedef {import('./contract.js').Bound} Bound */
/** @typedef {import('../../ui/chart-draw.js').Look} Look */

const t = words.chart;
/** About as many as a usual chart has pixels, or half of a large one. */
const POINTS = 500;
/** ms for which live points are held, to be put behind a history that was asked for before they came. */
const HELD = 60_000;

/** @typedef {import('../../ui/history.js').History} History */
/** @typedef {[number, number|null]} Point */

/**
 * A history with the points that came while it was on its way.
 * @param {History} history
 * @param {Point[]} since
 * @returns {History}
 */
export function continued(history, since) {
  const rows = history.band ?? history.points;
  const last = rows.length ? rows[rows.length - 1][0] : -Infinity;
  const more = since.filter(([ms]) => ms > last);
  if (history.band)
    return {
      band: [...history.band, ...more.map(([ms, v]) => /** @type {[number, any, any, any]} */ ([ms, v, v, v]))],
    };
  return { points: [...history.points, ...more] };
}

/**
 * @param {import('./contract.js').ViewProps & {looks: Partial<Look>[]}} props a look for each variable
 */
export function ChartView({ widget, variables, options, range, setRange, syncKey, looks }) {
  const { name: span, from, to, live } = range.value;
  const [loaded, setLoaded] = useState(/** @type {any[]|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const [again, setAgain] = useState(0);
  const held = useRef(/** @type {Map<string, Point[]>} */ (new Map()));
  const lost = useRef(false);
  const connected = line.state.value;
  useEffect(() => {
    // What was missed without a connection is in the history.
    if (connected === 'open' && lost.current) setAgain((n) => n + 1);
    lost.current = connected === 'lost' || (lost.current && connected !== 'open');
  }, [connected]);
  // A live range moves with the clock; its history is read once for its length.
  const key = live ? `${span}:${to - from}` : `${from}:${to}`;
  const ids = variables.map((one) => one.id).join();
  const drawn = JSON.stringify(looks);

  useEffect(() => {
    const stop = new AbortController();
    setFailed(null);
    Promise.all(
      variables.map((one) => one.series({ from, to: live ? Date.now() : to, points: POINTS, signal: stop.signal })),
    )
      .then((found) => !stop.signal.aborted && setLoaded(found))
      .catch((error) => !stop.signal.aborted && setFailed(error));
    return () => stop.abort();
  }, [key, ids, again]);

  const series = useMemo(
    () =>
      variables.map((one, at) => ({
        id: one.id,
        label: variables.some((other) => other !== one && other.name === one.name)
          ? t.ofThing(one.name, one.thing_name)
          : one.name,
        unit: options.unit ?? one.unit,
        step: family(one.type) === 'bool',
        ...looks[at],
        ...(loaded?.[at] ? continued(loaded[at], held.current.get(one.id) ?? []) : { points: [] }),
      })),
    [loaded, ids, drawn, options.unit],
  );

  const feed = useCallback(
    (/** @type {any} */ append) => {
      const offs = variables.map((one) =>
        one.onPoint((ms, value) => {
          const known = held.current.get(one.id) ?? [];
          while (known.length && known[0][0] < ms - HELD) known.shift();
          known.push([ms, numberOf(value)]);
          held.current.set(one.id, known);
          append(one.id, ms, numberOf(value));
        }),
      );
      return () => offs.forEach((off) => off());
    },
    [ids, variables[0]?.onPoint],
  );

  if (failed) {
    return html`<div class="w-middle w-chart-failed" role="alert">
      <p>${t.failed} <span class="muted">${failed.message}</span></p>
      <${Button} small label=${t.retry} icon="refresh-cw" onClick=${() => setAgain((n) => n + 1)} />
    </div>`;
  }
  return html`<${Chart}
    series=${series}
    from=${from}
    to=${to}
    live=${live}
    feed=${live ? feed : undefined}
    syncKey=${syncKey}
    loading=${loaded === null}
    onRange=${setRange}
    name=${widget.name || variables.map((one) => one.name).join(', ')}
  />`;
}
