import { html } from '../../html.js';
import { Panel } from '../../ui/index.js';
import { Chart } from '../../ui/chart.js';
import { Specimen } from './ui-specimen.js';
import t from '../../strings/patterns.js';

const to = Math.floor(Date.now() / 60_000) * 60_000;
const from = to - 6 * 3_600_000;

/** @param {number} middle @param {number} swing @returns {Array<[number, number | null]>} */
const line = (middle, swing) =>
  Array.from({ length: 361 }, (_, at) => [from + at * 60_000, at > 150 && at < 180 ? null : middle + Math.sin(at / 40) * swing + ((at * 7919) % 17) / 17]);

/** @type {Array<[number, number, number, number]>} */
const band = Array.from({ length: 73 }, (_, at) => {
  const mean = 55 + Math.cos(at / 9) * 12;
  return [from + at * 300_000, mean - 4 - (at % 5), mean, mean + 3 + (at % 7)];
});

const Lines = () =>
  html`<${Panel} title="Temperature">
    <${Chart}
      name="temperature"
      height=${240}
      from=${from}
      to=${to}
      onRange=${() => {}}
      series=${[
        { id: 'a', label: 'Greenhouse', unit: '°C', points: line(21, 4) },
        { id: 'b', label: 'Outside', unit: '°C', points: line(9, 6) },
      ]}
    />
  <//>`;

const Bands = () =>
  html`<${Panel} title="Humidity">
    <${Chart} name="humidity" height=${200} from=${from} to=${to} onRange=${() => {}} series=${[{ id: 'c', label: 'Greenhouse', unit: '%', band }]} />
  <//>`;

export default function Charts() {
  return html`<${Specimen} title=${t.parts.charts} draw=${Lines} /><${Specimen} title="Band" draw=${Bands} />`;
}
