import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { space } from '../../api/session.js';
import { Button, ErrorBox, Field, Form, Panel, Sheet, Skeleton, toast } from '../../ui/index.js';
import t from '../../strings/settings.js';

/** @param {number} days */
const worded = (days) => (days === 0 ? t.forEver : t.days(days));

/** How long history is kept in the chosen space. */
export function HistoryRules() {
  const id = space.value?.id;
  const load = useLoad(async (api) => (id ? api.own('GET', `spaces/${id}/retention`) : null), [id]);
  const [open, setOpen] = useState(/** @type {string | null} */ (null));
  if (load.state === 'error') return html`<${ErrorBox} error=${load.error} retry=${load.reload} />`;
  if (!load.data) return html`<${Panel}><${Skeleton} rows=${4} /><//>`;
  const { rules, own: ours, server } = load.data;
  const may = ['owner', 'admin'].includes(space.value?.role ?? '');
  return html`
    <${Panel} title=${t.history} line=${t.historyLine} calls=${load.calls}>
      <ul class="settings-list">
        ${Object.entries(t.kept).map(
          ([kind, words]) =>
            html`<li key=${kind}>
              <div class="settings-what">
                <strong>${words.title}</strong>
                <p class="muted">${words.text}</p>
              </div>
              <div class="settings-value">
                <span class="num">${worded(rules[kind])}</span>
                ${!(kind in ours) && html`<span class="muted small">${t.asServer(worded(server[kind]))}</span>`}
              </div>
              ${may
                ? html`<${Button} kind="quiet" small label=${t.edit} title=${t.editName(words.title)} onClick=${() => setOpen(kind)} />`
                : html`<span></span>`}
            </li>`,
        )}
      </ul>
    <//>
    ${open &&
    html`<${RuleSheet}
      space=${id}
      kind=${open}
      days=${ours[open]}
      server=${server[open]}
      onClose=${() => setOpen(null)}
      onDone=${() => {
        setOpen(null);
        toast(t.saved);
        load.reload();
      }}
    />`}
  `;
}

/** @param {{space: string, kind: string, days: number | undefined, server: number, onClose: () => void, onDone: () => void}} props */
function RuleSheet({ space: id, kind, days, server, onClose, onDone }) {
  const [rule, setRule] = useState(days === undefined ? 'server' : days === 0 ? 'ever' : 'days');
  const [number, setNumber] = useState(String(days || 365));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      const value = rule === 'server' ? null : rule === 'ever' ? 0 : Number(number);
      await own('PUT', `spaces/${id}/retention`, { body: { [kind]: value } });
      onDone();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return html`<${Sheet} open title=${t.kept[kind].title} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <${Field}
        type="radio"
        label=${t.keptRule}
        value=${rule}
        onInput=${setRule}
        name="rule"
        options=${[
          { value: 'server', label: t.asServer(worded(server)) },
          { value: 'ever', label: t.forEver },
          { value: 'days', label: t.ownDays },
        ]}
      />
      ${rule === 'days' &&
      html`<${Field} type="number" label=${t.daysField} value=${number} onInput=${setNumber} min=${1} max=${36500} name="days" required />`}
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${t.save} />
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
