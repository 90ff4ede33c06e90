/**
 * Points over time as charts need them: bins that fit a width, gaps between bins, rows with a common time axis. Pure.
 *
 * Times are milliseconds since 1970, intervals seconds where the API says them. A gap is a row whose value is null.
 */

/** @typedef {[number, number|null]} Point */
/** @typedef {[number, number|null, number|null, number|null]} Bin time, least, mean, most */

export const LONGEST_INTERVAL = 86_400;

const NEAT = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 43200, 86400,
];

/**
 * Seconds of a bin so that a range has at most about `points` of them, in lengths people know.
 * @param {number} from
 * @param {number} to
 * @param {number} points
 */
export function intervalFor(from, to, points) {
  const least = Math.max(to - from, 0) / 1000 / Math.max(points, 1);
  return NEAT.find((each) => each >= least) ?? LONGEST_INTERVAL;
}

/**
 * The usual distance between neighbours: the median, 0 for fewer than three points.
 * @param {readonly number[]} times ascending
 */
export function pace(times) {
  if (times.length < 3) return 0;
  const step = Math.max(1, Math.floor(times.length / 500));
  const steps = [];
  for (let at = step; at < times.length; at += step) steps.push((times[at] - times[at - step]) / step);
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1];
}

/**
 * Put a null row into each hole that is longer than a board's habit explains, so that no line is drawn across it.
 * @template {(number|null)[]} Row
 * @param {Row[]} rows ascending, time first
 * @param {number} longest ms between neighbours that still belong together
 * @returns {Row[]}
 */
export function withGaps(rows, longest) {
  if (!(longest > 0) || rows.length < 2) return rows;
  /** @type {Row[]} */
  const out = [rows[0]];
  for (let at = 1; at < rows.length; at++) {
    const [before, time] = [/** @type {number} */ (rows[at - 1][0]), /** @type {number} */ (rows[at][0])];
    if (time - before > longest)
      out.push(/** @type {Row} */ (rows[at].map((_, column) => (column ? null : (before + time) / 2))));
    out.push(rows[at]);
  }
  return out;
}

/**
 * How long a silence is before it is a gap: several times the usual distance, and never under a few seconds, since
 * boards that send on change pause often.
 * @param {number} usual ms
 */
export const gapAfter = (usual) => (usual > 0 ? Math.max(usual * 6, 5_000) : Infinity);

/**
 * The rows of up to three answers (least, mean, most of the same bins) by their time.
 * @param {{times: number[], values: number[]}} mean
 * @param {{times: number[], values: number[]}} least
 * @param {{times: number[], values: number[]}} most
 * @returns {Bin[]}
 */
export function bandOf(mean, least, most) {
  const low = new Map(least.times.map((time, at) => [time, least.values[at]]));
  const high = new Map(most.times.map((time, at) => [time, most.values[at]]));
  return mean.times.map((time, at) => {
    const value = mean.values[at];
    return [time, low.get(time) ?? value, value, high.get(time) ?? value];
  });
}

/**
 * Thin points to bins of equal length, each with its least, mean and most; what is null stays as a gap.
 * @param {Point[]} points ascending
 * @param {number} length ms
 * @returns {Bin[]}
 */
export function thin(points, length) {
  /** @type {Bin[]} */
  const out = [];
  let begin = NaN;
  let [least, sum, most, count] = [0, 0, 0, 0];
  const close = () => {
    if (count) out.push([begin + length / 2, least, sum / count, most]);
    count = 0;
  };
  for (const [time, value] of points) {
    const bin = Math.floor(time / length) * length;
    if (bin !== begin || value === null) close();
    begin = bin;
    if (value === null) out.push([time, null, null, null]);
    else if (count++) [least, sum, most] = [Math.min(least, value), sum + value, Math.max(most, value)];
    else [least, sum, most] = [value, value, value];
  }
  close();
  return out;
}

/**
 * Comma-separated text with one column for each series and a row for each time, RFC 4180. A text that a spreadsheet
 * would take for a formula gets a quote in front.
 * @param {{label: string, unit?: string, rows: (readonly (number|null)[])[], band: boolean}[]} series
 * @param {{time: string, least: string, mean: string, most: string}} words
 */
export function csvOf(series, words) {
  const head = [words.time];
  /** @type {Map<number, (number|null)[]>} */
  const lines = new Map();
  let width = 0;
  for (const one of series) {
    const name = one.unit ? `${one.label} (${one.unit})` : one.label;
    head.push(...(one.band ? [words.least, words.mean, words.most].map((word) => `${name} ${word}`) : [name]));
    const columns = one.band ? 3 : 1;
    for (const row of one.rows) {
      const time = /** @type {number} */ (row[0]);
      if (row.slice(1).every((value) => value === null)) continue;
      let line = lines.get(time);
      if (!line) lines.set(time, (line = []));
      for (let column = 0; column < columns; column++) line[width + column] = row[1 + column];
    }
    width += columns;
  }
  const body = [...lines]
    .sort(([a], [b]) => a - b)
    .map(([time, line]) => [new Date(time).toISOString(), ...Array.from({ length: width }, (_, at) => line[at] ?? '')]);
  return [head, ...body].map((cells) => cells.map(cellOf).join(',')).join('\r\n') + '\r\n';
}

/** @param {string|number} value */
function cellOf(value) {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
