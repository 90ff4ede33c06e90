import { html, useEffect, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { Button, Dialog, IconButton, Panel, Progress, Table, Time, toast } from '../../ui/index.js';
import { bytes } from './numbers.js';
import t from '../../strings/settings.js';

/** @typedef {{name: string, time: number, bytes: number}} Backup */

const LOOK_EVERY = 1_000;

/** Backups: made while the server runs, kept in the data folder, downloaded from here. */
export function Backups() {
  const load = useLoad(async (api) => api.own('GET', 'backups'), []);
  const [asked, setAsked] = useState(/** @type {Backup | null} */ (null));
  const [began, setBegan] = useState(false);
  const running = load.data?.running ?? null;
  useEffect(() => {
    if (!running) return undefined;
    const timer = setTimeout(load.reload, LOOK_EVERY);
    return () => clearTimeout(timer);
  }, [load.data]);
  useEffect(() => {
    if (began && load.state === 'ready' && !running) {
      setBegan(false);
      toast(t.backupDone);
    }
  }, [load.data]);
  /** @param {() => Promise<any>} doing */
  const act = async (doing) => {
    try {
      await doing();
      load.reload();
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
    }
  };
  const begin = () =>
    act(async () => {
      await own('POST', 'backups');
      setBegan(true);
    });
  const action = html`<${Button} kind="primary" icon="archive" busy=${Boolean(running)} label=${t.backupNow} onClick=${begin} />`;
  return html`
    <${Panel} title=${t.backups} line=${t.backupsLine} actions=${action} calls=${load.calls}>
      ${running && html`<${Progress} label=${t.backupRuns} done=${running.done} total=${running.total} since=${running.started} />`}
      <${Table}
        label=${t.backups}
        load=${load}
        rows=${load.data?.backups ?? []}
        keyOf=${(/** @type {Backup} */ backup) => backup.name}
        empty=${{ icon: 'archive', sentence: t.backupsEmpty, example: t.backupsExample }}
        columns=${[
          { key: 'time', label: t.backupMade, render: (/** @type {Backup} */ backup) => html`<${Time} at=${backup.time} />` },
          { key: 'name', label: t.name, hidePhone: true, render: (/** @type {Backup} */ backup) => html`<code>${backup.name}</code>` },
          { key: 'size', label: t.backupSize, align: 'end', render: (/** @type {Backup} */ backup) => bytes(backup.bytes) },
          {
            key: 'more',
            label: '',
            align: 'end',
            render: (/** @type {Backup} */ backup) =>
              html`<${Button} kind="quiet" small icon="download" download href=${`/console/api/backups/${backup.name}`} label=${t.download} />
                <${IconButton} icon="trash-2" label=${t.deleteBackupTitle} onClick=${() => setAsked(backup)} />`,
          },
        ]}
      />
      <p class="muted">${t.restoreLine} <code>${t.restoreCommand}</code></p>
    <//>
    ${asked &&
    html`<${Dialog}
      open
      danger
      title=${t.deleteBackupTitle}
      confirmLabel=${t.remove}
      onConfirm=${() =>
        act(async () => {
          await own('DELETE', `backups/${asked.name}`);
          setAsked(null);
        })}
      onClose=${() => setAsked(null)}
    >
      <p><code>${asked.name}</code></p>
      <p>${t.deleteBackupText}</p>
    <//>`}
  `;
}
