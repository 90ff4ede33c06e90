/** The chart of one or several variables: history from the API, then point by point. */
import { html, useCallback, useEffect, useMemo, useState } from '../../html.js';
import words from '../../strings/widgets.js';
import { Button } from '../../ui/index.js';
import { Chart } from '../../ui/chart.js';
import { numberOf } from '../../ui/history.js';
import { family } from '../types.js';

/** @typedef {import('./contract.js').Bound} Bound */
/** @typedef {import('../../ui/chart-draw.js').Look} Look */

const t = words.chart;
const POINTS = 500;
/** About as many as a usual chart has pixels, or half of a large one. */

/**
 * @param {import('./contract.js').ViewProps & {looks: Partial<Look>[]}} props a look for each variable
 */
export function ChartView({ widget, variables, options, range, setRange, syncKey, looks }) {
  const { name: span, from, to, live } = range.value;
  const [loaded, setLoaded] = useState(/** @type {any[]|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const [again, setAgain] = useState(0);
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
        label: one.name,
        unit: options.unit ?? one.unit,
        step: family(one.type) === 'bool',
        ...looks[at],
        ...(loaded?.[at] ?? { points: [] }),
      })),
    [loaded, ids, drawn, options.unit],
  );

  const feed = useCallback(
    (/** @type {any} */ append) => {
      const offs = variables.map((one) => one.onPoint((ms, value) => append(one.id, ms, numberOf(value))));
      return () => offs.forEach((off) => off());
    },
    [ids],
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
