import { html, useSignal, useState } from '../../html.js';
import { Code, Copy, Dot, Hex, Id, Json, Pager, Panel, Secret, Sparkline, Table, Tag, Time, Value, number } from '../../ui/index.js';
import { Specimen } from './ui-specimen.js';
import t from '../../strings/patterns.js';

const ID = '1feebdb2-12d5-4787-8656-0cfbfec8f7a2';
const HOUR = 3_600_000;
const started = Date.now();
const ROWS = [
  { id: 'a', name: 'Greenhouse', type: 'Nano 33 IoT', online: true, heard: started - 4_000, values: 120_433 },
  { id: 'b', name: t.board, type: 'Photon 2', online: true, heard: started - 62_000, values: 1_204_331 },
  { id: 'c', name: 'Well pump', type: 'ESP32', online: false, heard: started - 49 * HOUR, values: 0 },
];
const COLUMNS = [
  { key: 'name', label: 'Name', sort: true },
  { key: 'online', label: 'State', render: (/** @type {any} */ row) => html`<${Dot} online=${row.online} since=${row.online ? null : row.heard} />` },
  { key: 'type', label: 'Type', hidePhone: true, sort: true },
  { key: 'heard', label: 'Last heard', hidePhone: true, render: (/** @type {any} */ row) => html`<${Time} at=${row.heard} />` },
  { key: 'values', label: 'Values', align: /** @type {const} */ ('end'), sort: true, render: (/** @type {any} */ row) => number(row.values) },
];
const keyOf = (/** @type {any} */ row) => row.id;

/** @param {number} scale @returns {Array<[number, number | null]>} */
const wave = (scale) =>
  Array.from({ length: 60 }, (_, at) => [started + at * 60_000, at > 30 && at < 36 ? null : Math.sin(at / 6) * scale + ((at * 7919) % 13) / 6]);

const Words = () =>
  html`<div class="stack">
    <div class="row"><${Dot} online=${true} /><${Dot} online=${false} since=${started - 3 * HOUR} /></div>
    <div class="row">
      <${Tag} label="plain" /><${Tag} label="stored" kind="ok" /><${Tag} label="expires soon" kind="warning" /><${Tag} label="refused" kind="error" />
      <${Tag} label="primary" kind="accent" /><${Tag} label="room: attic" onRemove=${() => {}} /><${Tag} label=${t.board} />
    </div>
    <div class="row"><${Time} at=${started - 90_000} /><${Time} at=${started + 30 * HOUR} /><${Time} at=${null} /><${Time} at=${started} exact=${true} /></div>
    <div class="row"><${Id} id=${ID} /><${Id} id="short" /><${Copy} text=${ID} label="Copy the id" /></div>
    <div class="row">
      <${Value} value=${21.53421} unit="°C" /><${Value} value=${true} /><${Value} value=${1e21} /><${Value} value=${0.00000123} />
      <${Value} value="open" /><${Value} value=${{ hue: 24, sat: 80, bri: 60 }} type="HOME_COLORED_LIGHT" /><${Value} value=${null} />
    </div>
  </div>`;

/** @param {{theme: string}} props */
function Full({ theme }) {
  const selected = useSignal(new Set(['b']));
  const [sort, setSort] = useState('name');
  const [page, setPage] = useState(2);
  return html`<${Panel} title="Devices" flush=${true} calls=${[]}>
    <${Table} label="Devices" columns=${COLUMNS} rows=${ROWS} keyOf=${keyOf} hrefOf=${() => '/console/ui?part=data'} selected=${selected} sort=${sort} onSort=${setSort} />
    <${Pager} page=${page} pages=${7} total=${162} label=${`${t.table}, ${theme}`} onPage=${setPage} />
  <//>`;
}

const States = () =>
  html`<div class="stack">
    <${Panel} flush=${true}><${Table} label="Loading" columns=${COLUMNS} rows=${[]} keyOf=${keyOf} state="loading" /><//>
    <${Panel} flush=${true}>
      <${Table}
        label="Empty"
        columns=${COLUMNS}
        rows=${[]}
        keyOf=${keyOf}
        empty=${{
          icon: 'cpu',
          sentence: 'No boards yet. A board appears here when it has connected once, or when you add it.',
          action: html`<a class="button button-primary" href="/console/ui?part=data">Connect a board</a>`,
          example: html`<${Code} language="shell" label="Or from the command line" text="rookery board add greenhouse --type nano_33_iot" />`,
        }}
      />
    <//>
    <${Panel} flush=${true}><${Table} label="Filtered" columns=${COLUMNS} rows=${[]} keyOf=${keyOf} filtered=${true} onClear=${() => {}} /><//>
    <${Panel} flush=${true}>
      <${Table} label="Failed" columns=${COLUMNS} rows=${[]} keyOf=${keyOf} state="error" error=${{ message: 'The server did not answer. Check that it runs and that this computer can reach it, then try again.' }} retry=${() => {}} />
    <//>
  </div>`;

const CALL = {
  method: 'PUT',
  url: `/iot/v2/things/${ID}/properties/temperature/publish`,
  headers: { 'Content-Type': 'application/json', Authorization: 'Bearer $TOKEN' },
  body: '{"value":21.5}',
  status: 200,
  reply: { ok: true },
  took: 11.4,
};

const Panels = () =>
  html`<${Panel} title="Temperature" line="What the board last sent." calls=${[CALL]} actions=${html`<${Tag} label="live" kind="ok" />`}>
    <p>The brackets at the corner show what this panel asked, as curl.</p>
  <//>`;

const Codes = () =>
  html`<div class="stack">
    <${Code}
      language="cpp"
      file="thingProperties.h"
      text=${'// What the sketch shares with the server.\n#include <ArduinoIoTCloud.h>\nconst char THING_ID[] = "1feebdb2";\nfloat temperature = 21.5;\n\nvoid initProperties() {\n  ArduinoCloud.setThingId(THING_ID);\n}'}
    />
    <${Code} language="python" label="Python" text=${'import requests\n\n# The same call as above.\nreply = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)\nprint(reply.json())'} />
    <${Json} value=${{ name: 'temperature', value: 21.5, online: true, tags: ['attic', null] }} />
    <${Hex} bytes=${Array.from('SenML 21.5 °C and more', (letter) => letter.charCodeAt(0) & 255)} />
  </div>`;

const Secrets = () =>
  html`<${Secret}
    title="Key of Greenhouse"
    fileName="greenhouse"
    ask=${false}
    entries=${[{ label: 'Device id', value: ID }, { label: 'Secret key', value: 'K7mP2vQ9xL4wR8nT6yB3cD5fG1hJ0sAzKq' }]}
    onDone=${() => {}}
  />`;

const Lines = () =>
  html`<div class="row">
    <${Sparkline} points=${wave(5)} label="Temperature" />
    <${Sparkline} points=${wave(0.4)} width=${240} height=${56} area=${true} label="Humidity" />
    <${Sparkline} points=${[[0, 4], [1, 4], [2, 4]]} label="Flat" />
    <${Sparkline} points=${[]} label="None" />
  </div>`;

export default function Data() {
  return html`
    <${Specimen} title=${t.words} draw=${Words} />
    <${Specimen} title=${t.table} draw=${Full} wide=${true} />
    <${Specimen} title=${t.tableStates} draw=${States} />
    <${Specimen} title=${t.panel} draw=${Panels} />
    <${Specimen} title=${t.code} draw=${Codes} />
    <${Specimen} title=${t.secret} draw=${Secrets} />
    <${Specimen} title=${t.sparklines} draw=${Lines} />
  `;
}
