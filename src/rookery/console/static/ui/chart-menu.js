/** What else can be done with a chart: its values as a table and as CSV, its picture as PNG. */
import { html } from '../html.js';
import words from '../strings/widgets.js';
import { Dialog, Menu, IconButton } from './index.js';
import { momentText, valueText } from './chart-draw.js';
import { saveCsv, savePng } from './chart-export.js';

/** @typedef {import('./chart-data.js').Columns} Columns */
/** @typedef {import('./chart-draw.js').Look} Look */

const t = words.chart;
/** Rows of the table at most, the newest: more than anybody reads; CSV has all. */
const ROWS = 1_000;

/** @param {{name: string, zoomed: boolean, onBack: () => void, onTable: () => void, now: () => {plot: any, host: any, columns: Columns, looks: Look[]}}} props */
export function ChartMenu({ name, zoomed, onBack, onTable, now }) {
  const items = [
    { label: t.table, icon: 'list', onClick: onTable },
    { label: t.csv, icon: 'download', onClick: () => saveCsv(now().columns, now().looks, t.columns, name) },
    {
      label: t.png,
      icon: 'image',
      onClick: () => {
        const { plot, host, columns, looks } = now();
        if (plot) savePng(plot, host, columns, looks, words.states, name);
      },
    },
  ];
  return html`<span class="chart-tools">
    ${zoomed && html`<${IconButton} small=${true} icon="undo-2" label=${t.back} onClick=${onBack} />`}
    <${Menu} small=${true} name=${t.menu(name)} items=${items} />
  </span>`;
}

/** @param {{name: string, columns: Columns, looks: Look[], onClose: () => void}} props */
export function ChartTable({ name, columns, looks, onClose }) {
  const lines = columns.times
    .map((time, row) => ({
      time,
      cells: looks.map((look) => columns.columns[columns.series.get(look.id)?.at ?? 0]?.[row]),
    }))
    .filter((line) => line.cells.some((cell) => typeof cell === 'number'));
  const shown = lines.slice(-ROWS).reverse();
  return html`<${Dialog} open title=${t.tableTitle(name)} onClose=${onClose}>
    ${lines.length > ROWS && html`<p>${t.newest(ROWS, lines.length)}</p>`}
    <div class="chart-table" tabindex="0" role="region" aria-label=${t.tableTitle(name)}>
      <table>
        <thead>
          <tr>
            <th scope="col">${t.columns.time}</th>
            ${looks.map((look) => html`<th scope="col" key=${look.id}>${look.label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (line) =>
              html`<tr key=${line.time}>
                <td>${momentText(line.time)}</td>
                ${line.cells.map((cell, at) => html`<td>${typeof cell === 'number' ? valueText(cell, looks[at], words.states) : ''}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  <//>`;
}
