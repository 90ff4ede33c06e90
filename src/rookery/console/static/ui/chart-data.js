/**
 * The columns a chart draws: one time axis, and for each series one column, or three where points stand for many
 * (mean, least, most). Values arrive in their own rhythm, so a column has `undefined` where another series has a point
 * and null where its line is to break. Pure.
 *
 * New points are appended in place. Where the window is so long that many would fall on one pixel, points of the same
 * bin are drawn together into one row, so the columns never grow beyond what the picture can show.
 */
import { gapAfter, pace } from './bins.js';

/** @typedef {import('./bins.js').Point} Point */
/** @typedef {import('./bins.js').Bin} Bin */
/** @typedef {(number|null|undefined)[]} Column */
/**
 * @typedef {object} Source
 * @property {string} id
 * @property {Point[]} [points]
 * @property {Bin[]} [band]
 * @property {boolean} [step] a value holds until the next one
 */

/** More than the pixels of a usual chart: a bin is less than a pixel. */
const BINS_IN_WINDOW = 1_500;
/** ms. Windows of less than half an hour keep every point. */
const SHORTEST_BIN = 1_000;
/** Rows that may lie before the window: they are dropped many at a time, since dropping moves all others. */
const SPARE = 256;

export class Columns {
  /**
   * @param {Source[]} sources
   * @param {number} span ms of the window
   */
  constructor(sources, span) {
    /** @type {number[]} */
    this.times = [];
    this.bin = span / BINS_IN_WINDOW >= SHORTEST_BIN ? span / BINS_IN_WINDOW : 0;
    /** @type {Map<string, Series>} */
    this.series = new Map();
    /** @type {Column[]} */
    this.columns = [];
    for (const source of sources) {
      const one = new Series(source, Boolean(source.band) || (this.bin > 0 && !source.step));
      one.at = this.columns.length;
      this.series.set(source.id, one);
      for (let column = 0; column < one.width; column++) this.columns.push([]);
    }
    this.#fill(sources);
  }

  /** @param {Source[]} sources */
  #fill(sources) {
    /** @type {[number, Series, (number|null)[]][]} */
    const all = [];
    for (const source of sources) {
      const one = /** @type {Series} */ (this.series.get(source.id));
      for (const row of source.band ?? source.points ?? []) all.push([row[0], one, row.slice(1)]);
    }
    if (sources.length > 1) all.sort((a, b) => a[0] - b[0]);
    for (const [time, one, values] of all) this.#put(time, one, values);
    for (const one of this.series.values()) one.learn(this.times, this.columns[one.at]);
  }

  /** @param {number} time @param {Series} one @param {(number|null)[]} values one, or least, mean, most */
  #put(time, one, values) {
    const row = this.#row(time);
    const [least, mean, most] = values.length === 3 ? values : [values[0], values[0], values[0]];
    this.columns[one.at][row] = mean;
    if (one.width === 3) {
      this.columns[one.at + 1][row] = least;
      this.columns[one.at + 2][row] = most;
    }
  }

  /** The row of a time; it is made when there is none. @param {number} time */
  #row(time) {
    const { times } = this;
    let at = times.length;
    while (at > 0 && times[at - 1] > time) at--;
    if (at > 0 && times[at - 1] === time) return at - 1;
    if (at === times.length) {
      times.push(time);
      for (const column of this.columns) column.push(undefined);
    } else {
      times.splice(at, 0, time);
      for (const column of this.columns) column.splice(at, 0, undefined);
      for (const one of this.series.values()) if (one.open >= at) one.open++;
    }
    return at;
  }

  /**
   * A point that has just come. Older ones than the last row of the series are taken in too.
   * @param {string} id
   * @param {number} time ms
   * @param {number|null} value
   */
  append(id, time, value) {
    const one = this.series.get(id);
    if (!one) return;
    const silent = time - one.last > one.gap;
    if (this.bin && one.width === 3 && value !== null && !silent && Math.floor(time / this.bin) === one.begun) {
      this.#blend(one, value);
      one.last = Math.max(one.last, time);
      return;
    }
    if (silent) this.#put((one.last + time) / 2, one, [null]);
    this.#put(time, one, [value]);
    one.open = this.times.length - 1;
    while (one.open > 0 && this.times[one.open] > time) one.open--;
    one.begun = this.bin ? Math.floor(time / this.bin) : NaN;
    one.count = 1;
    one.hear(time);
  }

  /** Draw a value into the row of its bin. @param {Series} one @param {number} value */
  #blend(one, value) {
    const [means, leasts, mosts] = this.columns.slice(one.at, one.at + 3);
    const mean = /** @type {number} */ (means[one.open] ?? value);
    one.count++;
    means[one.open] = mean + (value - mean) / one.count;
    leasts[one.open] = Math.min(leasts[one.open] ?? value, value);
    mosts[one.open] = Math.max(mosts[one.open] ?? value, value);
  }

  /**
   * Drop what lies before this time, but for the row before it: its line reaches into the picture.
   * @param {number} from ms
   */
  trim(from) {
    const { times } = this;
    if (times.length <= SPARE || times[SPARE] >= from) return;
    let drop = SPARE;
    while (drop + 1 < times.length && times[drop + 1] < from) drop++;
    times.splice(0, drop);
    for (const column of this.columns) column.splice(0, drop);
    for (const one of this.series.values()) one.open -= drop;
  }

  /** What uPlot wants. */
  get data() {
    return [this.times, ...this.columns];
  }

  /**
   * The newest value of a series, and its time.
   * @param {string} id
   * @returns {[number, number]|null}
   */
  last(id) {
    const one = this.series.get(id);
    if (!one) return null;
    const column = this.columns[one.at];
    for (let row = column.length - 1; row >= 0; row--) {
      const value = column[row];
      if (typeof value === 'number') return [this.times[row], value];
    }
    return null;
  }

  /**
   * Least, most and number of values between two times: what a chart says to those who do not see it.
   * @param {string} id
   * @param {number} from
   * @param {number} to
   */
  summary(id, from, to) {
    const one = this.series.get(id);
    let [least, most, count] = [Infinity, -Infinity, 0];
    if (one) {
      const [mean, low, high] = [0, one.width - 2, one.width - 1].map(
        (more) => this.columns[one.at + Math.max(more, 0)],
      );
      for (let row = 0; row < this.times.length; row++) {
        if (typeof mean[row] !== 'number' || this.times[row] < from || this.times[row] > to) continue;
        count++;
        least = Math.min(least, /** @type {number} */ (low[row]));
        most = Math.max(most, /** @type {number} */ (high[row]));
      }
    }
    return count ? { least, most, count } : null;
  }

  /**
   * The rows of one series: time and value, or time, least, mean and most.
   * @param {string} id
   * @returns {(number|null)[][]}
   */
  rows(id) {
    const one = this.series.get(id);
    if (!one) return [];
    /** @type {(number|null)[][]} */
    const out = [];
    const [means, leasts, mosts] = this.columns.slice(one.at, one.at + one.width);
    this.times.forEach((time, row) => {
      const mean = means[row];
      if (mean === undefined) return;
      out.push(one.width === 3 ? [time, leasts[row] ?? null, mean, mosts[row] ?? null] : [time, mean]);
    });
    return out;
  }
}

class Series {
  /** @param {Source} source @param {boolean} band */
  constructor(source, band) {
    this.id = source.id;
    this.step = Boolean(source.step);
    this.width = band ? 3 : 1;
    this.at = 0;
    /** Time of the newest point, and from which silence on the line breaks. */
    this.last = Infinity;
    this.gap = Infinity;
    /** Row, number and count of the bin that is being filled. */
    this.open = -1;
    this.begun = NaN;
    this.count = 0;
    /** Distances between points that came live, until a habit can be read from them. */
    this.heard = 0;
    this.steps = /** @type {number[]} */ ([]);
  }

  /** The habit of a series from its history. @param {number[]} times @param {Column} column */
  learn(times, column) {
    const own = times.filter((_, row) => typeof column[row] === 'number');
    if (own.length) this.last = own[own.length - 1];
    if (!this.step) this.gap = gapAfter(pace(own));
  }

  /** @param {number} time */
  hear(time) {
    if (this.gap === Infinity && !this.step && this.heard) {
      this.steps.push(time - this.heard);
      if (this.steps.length === 8) this.gap = gapAfter([...this.steps].sort((a, b) => a - b)[4]);
    }
    this.heard = time;
    this.last = this.last === Infinity ? time : Math.max(this.last, time);
  }
}
