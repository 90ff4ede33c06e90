import { html } from '../../html.js';
import { Button, Code, Empty, ErrorBox, Panel, Progress, Skeleton } from '../../ui/index.js';
import { Specimen } from './ui-specimen.js';
import t from '../../strings/patterns.js';

const started = Date.now() - 41_000;

const Empties = () =>
  html`<${Panel}>
    <${Empty}
      icon="webhook"
      sentence="No integrations yet. An integration sends events of your boards to another server."
      action=${html`<${Button} kind="primary" label="Create integration" icon="plus" />`}
      example=${html`<${Code} language="json" label="What the other server receives" text=${'{ "event": "temperature", "data": "21.5" }'} />`}
    />
  <//>`;

const Errors = () =>
  html`<div class="stack">
    <${ErrorBox} error="The board did not answer in time. It may be asleep; the value is kept and sent when it wakes up." retry=${() => {}} />
    <${ErrorBox} error=${{ message: 'You are not allowed to do this. Ask an administrator of the space.' }} />
  </div>`;

const Skeletons = () => html`<${Panel}><${Skeleton} rows=${5} /><//>`;

const Progresses = () =>
  html`<div class="stack">
    <${Progress} label="Sending firmware to 12 boards" done=${389} total=${1240} unit="kB" since=${started} />
    <${Progress} label="Backup" done=${100} total=${100} />
    <${Progress} label="Looking at the archive" done=${0} />
  </div>`;

export default function States() {
  return html`
    <${Specimen} title=${t.empty} draw=${Empties} />
    <${Specimen} title=${t.error} draw=${Errors} />
    <${Specimen} title=${t.skeleton} draw=${Skeletons} />
    <${Specimen} title=${t.progress} draw=${Progresses} />
  `;
}
