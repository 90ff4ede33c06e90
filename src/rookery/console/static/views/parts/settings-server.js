import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { Button, Empty, ErrorBox, Field, Form, Panel, Search, Sheet, Skeleton, Tag, toast } from '../../ui/index.js';
import t from '../../strings/settings.js';

/**
 * @typedef {object} Setting
 * @property {string} name
 * @property {string} group
 * @property {any} value
 * @property {any} default
 * @property {string} source `default`, `file`, `environment` or `flag`
 * @property {string} kind
 * @property {string[]} [choices]
 * @property {string} rule
 * @property {string} doc
 * @property {string} [risk]
 * @property {boolean} restart
 * @property {any} [pending] what it will be at the next start
 */

/** @param {any} value */
const worded = (value) => (Array.isArray(value) ? value.join(', ') : value === null || value === undefined || value === '' ? '–' : String(value));

/** All settings of the server: value, default, where it comes from, and what it risks. */
export function ServerSettings() {
  const load = useLoad(async (api) => api.own('GET', 'settings'), []);
  const [text, setText] = useState('');
  const [open, setOpen] = useState(/** @type {Setting | null} */ (null));
  if (load.state === 'error') return html`<${ErrorBox} error=${load.error} retry=${load.reload} />`;
  if (!load.data) return html`<${Panel}><${Skeleton} rows=${8} /><//>`;
  const wanted = text.trim().toLowerCase();
  /** @type {Setting[]} */
  const settings = load.data.settings.filter((/** @type {Setting} */ one) =>
    `${one.name} ${one.doc} ${one.group}`.toLowerCase().includes(wanted),
  );
  const groups = [...new Set(settings.map((setting) => setting.group))];
  return html`
    <p class="lead">${t.serverLine} ${t.serverRestart}</p>
    <div class="filters"><${Search} label=${t.search} value=${text} onInput=${setText} /></div>
    ${groups.length === 0 && html`<${Empty} sentence=${t.none} icon="search" />`}
    ${groups.map(
      (group) =>
        html`<${Panel} key=${group} title=${t.groups[group] ?? group} calls=${load.calls}>
          <ul class="settings-list">
            ${settings
              .filter((setting) => setting.group === group)
              .map((setting) => html`<${Row} key=${setting.name} setting=${setting} onOpen=${() => setOpen(setting)} />`)}
          </ul>
        <//>`,
    )}
    ${open &&
    html`<${SettingSheet}
      setting=${open}
      onClose=${() => setOpen(null)}
      onDone=${() => {
        setOpen(null);
        toast(t.settingsSaved);
        load.reload();
      }}
    />`}
  `;
}

/** @param {{setting: Setting, onOpen: () => void}} props */
function Row({ setting, onOpen }) {
  const locked = setting.source === 'environment' || setting.source === 'flag';
  return html`<li>
    <div class="settings-what">
      <p><code>${setting.name}</code></p>
      <p class="muted">${setting.doc}</p>
      ${setting.risk && html`<p class="settings-risk">${t.risk}: ${setting.risk}</p>`}
    </div>
    <div class="settings-value">
      <p>
        <strong>${worded(setting.pending === undefined ? setting.value : setting.pending)}</strong>
        ${setting.source !== 'default' && html` <span class="muted">${t.default(worded(setting.default))}</span>`}
      </p>
      <p>
        ${setting.restart && html`<${Tag} label=${t.restart} kind=${setting.pending === undefined ? undefined : 'warning'} />`}
        ${setting.source !== 'default' && html` <${Tag} label=${locked ? t.fixed(t.sources[setting.source]) : t.changed} />`}
      </p>
    </div>
    <${Button} kind="quiet" small disabled=${locked} label=${t.edit} title=${setting.name} onClick=${onOpen} />
  </li>`;
}

/** @param {{setting: Setting, onClose: () => void, onDone: () => void}} props */
function SettingSheet({ setting, onClose, onDone }) {
  const now = setting.pending === undefined ? setting.value : setting.pending;
  const [value, setValue] = useState(setting.kind === 'bool' ? Boolean(now) : Array.isArray(now) ? now.join('\n') : String(now ?? ''));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  /** @param {any} next */
  const write = async (next) => {
    setBusy(true);
    setError(null);
    try {
      await own('PUT', 'settings', { body: { [setting.name]: next } });
      onDone();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const submit = () => {
    if (setting.kind === 'list') return write(String(value).split(/[\n,]+/).map((one) => one.trim()).filter(Boolean));
    return write(value);
  };
  const type = { bool: 'switch', choice: 'select', list: 'textarea', int: 'number', number: 'number' }[setting.kind] ?? 'text';
  return html`<${Sheet} open title=${setting.name} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <p>${setting.doc}</p>
      ${setting.risk && html`<p class="settings-risk">${t.risk}: ${setting.risk}</p>`}
      <${Field}
        type=${type}
        label=${setting.name}
        hint=${setting.rule}
        value=${value}
        onInput=${setValue}
        name="value"
        step=${setting.kind === 'number' ? 'any' : undefined}
        options=${(setting.choices ?? []).map((word) => ({ value: word, label: word }))}
      />
      <p class="muted">${t.default(worded(setting.default))}</p>
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${t.save} />
        ${setting.source === 'file' && html`<${Button} kind="plain" label=${t.standard} onClick=${() => write(null)} />`}
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
