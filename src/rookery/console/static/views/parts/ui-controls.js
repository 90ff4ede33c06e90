import { html, useState } from '../../html.js';
import { Button, Dialog, Field, Form, IconButton, Menu, Search, Sheet, Tabs, toast } from '../../ui/index.js';
import { Specimen } from './ui-specimen.js';
import t from '../../strings/patterns.js';

const nothing = () => {};

const Buttons = () =>
  html`<div class="stack">
    <div class="row">
      <${Button} kind="primary" label="Create key" icon="plus" />
      <${Button} label="Export" icon="download" />
      <${Button} kind="quiet" label="Cancel" />
      <${Button} kind="danger" label="Delete board" icon="trash-2" />
    </div>
    <div class="row">
      <${Button} kind="primary" label="Saving" busy=${true} />
      <${Button} label="Saving" busy=${true} />
      <${Button} kind="primary" label="Create key" disabled=${true} />
      <${Button} label="Export" disabled=${true} />
      <${Button} label="Pressed" pressed=${true} />
    </div>
    <div class="row">
      <${Button} kind="primary" small=${true} label="Small" icon="plus" />
      <${Button} small=${true} label="Small" />
      <${Button} kind="quiet" small=${true} label="Small" icon="download" />
      <${Button} href="/console/ui" label="A link" icon="arrow-right" />
    </div>
  </div>`;

const IconButtons = () =>
  html`<div class="row">
    <${IconButton} icon="pencil" label="Edit" />
    <${IconButton} icon="trash-2" label="Delete" danger=${true} />
    <${IconButton} icon="pause" label="Pause" pressed=${true} />
    <${IconButton} icon="refresh-cw" label="Load again" disabled=${true} />
    <${IconButton} icon="refresh-cw" label="Loading" busy=${true} />
    <${IconButton} icon="copy" label="Copy" small=${true} />
  </div>`;

const Fields = () =>
  html`<div class="fields">
    <${Field} label="Name" value="Greenhouse" hint="How people call it." />
    <${Field} label="Password" type="password" value="nest on the wall" />
    <${Field} label="Limit" type="number" value="42" unit="values a day" />
    <${Field} label="Payload" type="textarea" mono=${true} rows=${3} value=${'{\n  "t": 21.5\n}'} />
    <${Field} label="Type" type="select" value="float" options=${[{ value: 'float', label: 'Floating point number' }, { value: 'int', label: 'Integer number' }]} />
    <${Field} label="Firmware" type="file" accept=".bin" />
    <div class="columns">
      <${Field} label="Day" type="date" value="2026-03-01" />
      <${Field} label="Time" type="time" value="06:30" />
    </div>
  </div>`;

const FieldStates = () =>
  html`<div class="fields">
    <${Field} label="Empty" placeholder="rookery.home.example" />
    <${Field} label="Wrong" value="a b" error="A host name has no spaces." />
    <${Field} label="Disabled" value="Set by ROOKERY_HOSTS" disabled=${true} />
    <${Field} label="Disabled choice" type="select" disabled=${true} value="a" options=${[{ value: 'a', label: 'Only one' }]} />
    <${Field} label="Note" type="textarea" error="At most 2,000 characters." value="Too long" rows=${2} />
  </div>`;

function Choices() {
  const [on, setOn] = useState(true);
  const [kind, setKind] = useState('a');
  return html`<div class="fields">
    <${Field} type="checkbox" label="Keep the history" value=${on} onInput=${setOn} hint="Values stay as long as the space keeps them." />
    <${Field} type="switch" label="Accept unknown boards" value=${on} onInput=${setOn} hint="They wait in quarantine." />
    <${Field} type="switch" label="Off" value=${false} onInput=${nothing} />
    <${Field} type="switch" label="Disabled" value=${true} disabled=${true} />
    <${Field}
      type="radio"
      label="When to send"
      value=${kind}
      onInput=${setKind}
      options=${[{ value: 'a', label: 'On change', hint: 'As soon as it differs.' }, { value: 'b', label: 'Every minute' }, { value: 'c', label: 'Never', disabled: true }]}
    />
  </div>`;
}

/** @param {{theme: string}} props */
const Forms = ({ theme }) =>
  html`<${Form} label=${`${t.form}, ${theme}`} onSubmit=${nothing} error="The server did not answer. Check that it runs, then try again." submit="Create board">
    <${Field} label="Name" value="Greenhouse" required=${true} />
  <//>`;

function Searching() {
  const [text, setText] = useState('');
  return html`<${Search} value=${text} onInput=${setText} label="Search devices" />`;
}

/** @param {{theme: string}} props */
function Tabbing({ theme }) {
  const [at, setAt] = useState('values');
  return html`<${Tabs}
    label=${`${t.tabs}, ${theme}`}
    current=${at}
    onTab=${setAt}
    tabs=${[{ id: 'values', label: 'Values' }, { id: 'events', label: 'Events', count: 12 }, { id: 'log', label: 'Connections' }, { id: 'notes', label: 'Notes' }]}
  />`;
}

const Menus = () => {
  const items = [
    { label: 'Rename', icon: 'pencil', onClick: nothing },
    { label: 'Clone', icon: 'copy-plus', onClick: nothing },
    { label: 'Chosen', checked: true, onClick: nothing },
    { label: 'Not now', icon: 'upload', disabled: true },
    { label: '', separator: true },
    { label: 'Delete', icon: 'trash-2', danger: true, onClick: nothing },
  ];
  return html`<div class="row"><${Menu} items=${items} /><${Menu} label="Actions" items=${items} /><${Menu} label="Small" small=${true} icon="filter" items=${items} /></div>`;
};

function Dialogs() {
  const [open, setOpen] = useState('');
  const close = () => setOpen('');
  return html`<div class="row">
    <${Button} label="Dialog" onClick=${() => setOpen('plain')} />
    <${Button} label="Dangerous dialog" onClick=${() => setOpen('danger')} />
    <${Button} label="Sheet" onClick=${() => setOpen('sheet')} />
    <${Button} label="Message" onClick=${() => toast('The key was created.')} />
    <${Button} label="Error message" onClick=${() => toast('The board did not answer in time. It may be asleep.', { kind: 'error' })} />
    <${Button} label="Message with action" onClick=${() => toast('Widget removed.', { action: { label: 'Undo', onClick: nothing } })} />
    <${Dialog} open=${open === 'plain'} title="Start the backup now?" confirmLabel="Start backup" onConfirm=${close} onClose=${close}>
      <p>It takes about two minutes and goes on when this page closes.</p>
    <//>
    <${Dialog} open=${open === 'danger'} title="Delete this board?" danger=${true} mustType="Greenhouse" confirmLabel="Delete board" onConfirm=${close} onClose=${close}>
      <p>Gone with it: <strong>4 variables</strong>, <strong>1,204,331 values</strong> of 14 months, and its key. The board itself keeps running but is not let in any more.</p>
    <//>
    <${Sheet}
      open=${open === 'sheet'}
      title="Edit variable"
      onClose=${close}
      footer=${html`<${Button} label="Cancel" onClick=${close} /><${Button} kind="primary" label="Save" onClick=${close} />`}
    >
      <${Fields} />
    <//>
  </div>`;
}

export default function Controls() {
  return html`
    <${Specimen} title=${t.buttons} draw=${Buttons} />
    <${Specimen} title=${t.iconButtons} draw=${IconButtons} />
    <${Specimen} title=${t.fields} draw=${Fields} />
    <${Specimen} title=${t.fieldStates} draw=${FieldStates} />
    <${Specimen} title=${t.choices} draw=${Choices} />
    <${Specimen} title=${t.form} draw=${Forms} />
    <${Specimen} title=${t.search} draw=${Searching} />
    <${Specimen} title=${t.tabs} draw=${Tabbing} />
    <${Specimen} title=${t.menus} draw=${Menus} />
    <${Specimen} title=${t.dialogs} draw=${Dialogs} />
  `;
}
