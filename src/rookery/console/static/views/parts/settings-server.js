import { html, useState } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { Button, Empty, ErrorBox, Field, Form, Panel, Search, Sheet, Skeleton, Tag, toast } from '../../ui/index.js';
import t from '../../strings/settings.js';

/**
 * @typedef {object} Setting
 * @property {string} name
 * @property {string} group
 * @property {any} value what holds now
 * @property {any} saved what will hold after the next start
 * @property {any} default
 * @property {string} source `default`, `file`, `environment` or `flag`
 * @property {string} kind
 * @property {string[]} choices
 * @property {string} rule
 * @property {string} doc
 * @property {string} unit
 * @property {string | null} risk
 * @property {boolean} restart
 * @property {boolean} pending the two differ
 * @property {boolean} editable
 */

/** @param {any} value @param {string} [unit] */
function worded(value, unit) {
  const text = Array.isArray(value) ? value.join(', ') : value === null || value === undefined ? '' : String(value);
  return text === '' ? '–' : unit && typeof value === 'number' ? `${text} ${unit}` : text;
}

/** Text in which backticks mean code. @param {string} text */
function prose(text) {
  return text.split('`').map((part, at) => (at % 2 ? html`<code key=${at}>${part}</code>` : part));
}

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
    <p class="muted reading">${t.serverLine}</p>
    ${load.data.restart_needed && html`<p class="warning-text" role="status">${t.serverRestart}</p>`}
    <${Search} label=${t.search} value=${text} onInput=${setText} />
    ${groups.length === 0 && html`<${Empty} sentence=${t.none} icon="search" />`}
    ${groups.map(
      (group) =>
        html`<${Panel} key=${group} title=${group} calls=${load.calls}>
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
  const { name, saved, source, unit, editable } = setting;
  return html`<li>
    <div class="settings-what">
      <code>${name}</code>
      <p class="muted">${prose(setting.doc)}</p>
      ${setting.risk && html`<p class="settings-risk">${t.risk}: ${setting.risk}</p>`}
    </div>
    <div class="settings-value">
      <span class="num">${worded(saved, unit)}</span>
      ${source !== 'default' && html`<span class="muted small">${t.default(worded(setting.default, unit))}</span>`}
      ${setting.pending && html`<${Tag} label=${t.restart} kind="warning" />`}
      ${!editable && source !== 'default' && html`<${Tag} label=${t.fixed(t.sources[source])} />`}
    </div>
    <${Button} kind="quiet" small disabled=${!editable} label=${t.edit} title=${t.editName(name)} onClick=${onOpen} />
  </li>`;
}

/** @param {{setting: Setting, onClose: () => void, onDone: () => void}} props */
function SettingSheet({ setting, onClose, onDone }) {
  const now = setting.saved;
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
    // A port may be the word `off`.
    const number = ['int', 'number', 'port'].includes(setting.kind) && /^-?[0-9.]+$/.test(String(value).trim());
    return write(number ? Number(value) : value);
  };
  const type = { bool: 'switch', choice: 'select', list: 'textarea', int: 'number', number: 'number' }[setting.kind] ?? 'text';
  return html`<${Sheet} open title=${setting.name} onClose=${onClose}>
    <${Form} onSubmit=${submit} busy=${busy} error=${error}>
      <p>${prose(setting.doc)}</p>
      ${setting.risk && html`<p class="settings-risk">${t.risk}: ${setting.risk}</p>`}
      <${Field}
        type=${type}
        label=${setting.name}
        hint=${setting.rule}
        value=${value}
        onInput=${setValue}
        name="value"
        step=${setting.kind === 'number' ? 'any' : undefined}
        unit=${setting.unit || undefined}
        options=${setting.choices.map((word) => ({ value: word, label: word }))}
      />
      <p class="muted">${t.default(worded(setting.default, setting.unit))}</p>
      <div class="row">
        <${Button} kind="primary" type="submit" busy=${busy} label=${t.save} />
        ${setting.source === 'file' && html`<${Button} kind="plain" label=${t.standard} onClick=${() => write(null)} />`}
        <${Button} kind="plain" label=${t.cancel} onClick=${onClose} />
      </div>
    <//>
  <//>`;
}
