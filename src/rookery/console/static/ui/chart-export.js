/** A chart as a file: its values as CSV, its picture as PNG. */
import { csvOf } from './bins.js';
import { colourOf, token, valueText } from './chart-draw.js';

/** @typedef {import('./chart-draw.js').Look} Look */
/** @typedef {import('./chart-data.js').Columns} Columns */

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A name that any file system takes. @param {string} name @param {string} ending */
export function fileName(name, ending) {
  const plain = name
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return `${plain || 'chart'}.${ending}`;
}

/** @param {Columns} columns @param {Look[]} looks @param {any} words @param {string} name */
export function saveCsv(columns, looks, words, name) {
  const text = csvOf(
    looks.map((look) => ({
      label: look.label,
      unit: look.unit,
      rows: columns.rows(look.id),
      band: columns.series.get(look.id)?.width === 3,
    })),
    words,
  );
  save(new Blob([text], { type: 'text/csv' }), fileName(name, 'csv'));
}

/**
 * The picture with title and legend above it, on the background it is seen on.
 * @param {any} plot
 * @param {HTMLElement} host
 * @param {Columns} columns
 * @param {Look[]} looks
 * @param {{on: string, off: string}} words
 * @param {string} name
 */
export function savePng(plot, host, columns, looks, words, name) {
  const drawn = plot.ctx.canvas;
  const scale = drawn.width / plot.width;
  const head = 52;
  const canvas = document.createElement('canvas');
  canvas.width = drawn.width;
  canvas.height = drawn.height + head * scale;
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  ctx.fillStyle = token(host, '--surface');
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(drawn, 0, head * scale);
  ctx.scale(scale, scale);
  ctx.fillStyle = token(host, '--ink');
  ctx.font = '600 14px system-ui, sans-serif';
  ctx.fillText(name, 12, 20);
  ctx.font = '12px system-ui, sans-serif';
  let at = 12;
  looks.forEach((look, place) => {
    const text = `${look.label}  ${valueText(columns.last(look.id)?.[1], look, words)}`;
    ctx.fillStyle = colourOf(host, look, place);
    ctx.fillRect(at, 36, 12, 3);
    ctx.fillStyle = token(host, '--ink');
    ctx.fillText(text, at + 18, 42);
    at += ctx.measureText(text).width + 36;
  });
  canvas.toBlob((blob) => blob && save(blob, fileName(name, 'png')), 'image/png');
}
