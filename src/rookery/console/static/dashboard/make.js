/** New dashboards: empty, from the variables of a thing, or from a file. */
import { html, useEffect, useMemo, useState } from '../html.js';
import { iot, useLoad } from '../api/rest.js';
import { navigate } from '../router.js';
import { Dialog, Field, toast } from '../ui/index.js';
import { fitting } from '../widgets/registry.js';
import { NAME_LENGTH, fromWire, toWire } from './document.js';
import { newId } from './ids.js';
import { sizeOf } from './kinds.js';
import { FILE_LIMIT, fromTemplate, guess, readTemplate, thingsOf } from './templates.js';
import { variablesOf } from './variables.js';
import t from '../strings/dashboards.js';

/** Widgets made for a thing at once. */
const FIRST = 24;

/** @param {any} [then] */
function useThings(then) {
  return useLoad((api) => api.iot('GET', '/v2/things', { query: { show_properties: true } }), [then]);
}

/** The best widget for each variable of a thing. @param {any} thing */
function widgetsFor(thing) {
  const widgets = variablesOf([thing])
    .slice(0, FIRST)
    .flatMap((variable) => {
      const [kind] = fitting([variable]);
      if (!kind) return [];
      const zero = { x: 0, y: 0, width: 0, height: 0 };
      return [{ id: newId(), type: kind.kind, name: '', options: {}, page_id: '0', variables: [variable], ...zero }];
    });
  // The places are those that a dashboard without geometry gets.
  return toWire(fromWire({ id: '', widgets }, sizeOf)).widgets;
}

/** @param {{onClose: () => void}} props */
export function Create({ onClose }) {
  const things = useThings();
  const [name, setName] = useState('');
  const [from, setFrom] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const full = (things.data ?? []).filter((/** @type {any} */ thing) => (thing.properties ?? []).length > 0);
  const create = async () => {
    setBusy(true);
    try {
      const thing = full.find((/** @type {any} */ each) => each.id === from);
      const widgets = thing ? widgetsFor(thing) : [];
      const wanted = name.trim() || thing?.name?.slice(0, NAME_LENGTH) || t.make.usual;
      const made = await iot('POST', '/v3/dashboards', { body: { name: wanted, widgets } });
      navigate(widgets.length > 0 ? `/dashboards/${made.id}` : `/dashboards/${made.id}/edit?add=1`);
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return html`<${Dialog} open=${true} title=${t.make.title} confirmLabel=${t.make.create} busy=${busy} error=${error} onClose=${onClose} onConfirm=${() => void create()}>
    <${Field} label=${t.make.name} value=${name} onInput=${setName} placeholder=${t.make.usual} maxlength=${NAME_LENGTH} autofocus=${true} />
    ${full.length > 0
      ? html`<${Field}
          label=${t.make.thing}
          type="select"
          value=${from}
          onInput=${setFrom}
          hint=${from ? t.make.thingHint : null}
          options=${[
            { value: '', label: t.make.nothing },
            ...full.map((/** @type {any} */ thing) => ({ value: thing.id, label: t.make.ofThing(thing.name, thing.properties.length) })),
          ]}
        />`
      : null}
  <//>`;
}

/** @param {{onClose: () => void, dropped?: File|null}} props */
export function Import({ onClose, dropped = null }) {
  const things = useThings();
  const [file, setFile] = useState(/** @type {File|null} */ (dropped));
  const [template, setTemplate] = useState(/** @type {any} */ (null));
  const [name, setName] = useState('');
  const [picked, setPicked] = useState(/** @type {Record<string, string>} */ ({}));
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const wanted = useMemo(() => (template ? thingsOf(template) : []), [template]);

  useEffect(() => {
    setTemplate(null);
    setPicked({});
    setWrong('');
    if (!file) return undefined;
    if (file.size > FILE_LIMIT) return setWrong(t.importing.large);
    let latest = true;
    file
      .text()
      .then((text) => {
        const found = readTemplate(text);
        if (!latest) return;
        setTemplate(found);
        setName((found.name ?? '').slice(0, NAME_LENGTH));
      })
      .catch(() => latest && setWrong(t.importing.wrong));
    return () => {
      latest = false;
    };
  }, [file]);
  // What somebody picked stays when the things arrive late.
  const chosen = Object.fromEntries(wanted.map(({ word, names }) => [word, picked[word] ?? guess(word, names, things.data ?? [])]));
  const ready = template ? fromTemplate(template, chosen, things.data ?? [], newId) : null;
  const load = async () => {
    if (!ready) return;
    setBusy(true);
    try {
      const body = { ...ready.body, name: name.trim() || t.make.usual };
      // Templates without geometry get places here, so that every client sees the same.
      const placed = toWire(fromWire({ ...body, id: '', widgets: body.widgets.map(linkedOnly) }, sizeOf));
      const made = await iot('POST', '/v3/dashboards', { body: { ...body, widgets: placed.widgets } });
      toast(t.importing.done(made.name));
      navigate(`/dashboards/${made.id}`);
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return html`<${Dialog}
    open=${true}
    title=${t.importing.title}
    confirmLabel=${t.importing.confirm}
    busy=${busy}
    disabled=${!ready}
    error=${error}
    onClose=${onClose}
    onConfirm=${() => void load()}
  >
    <p class="muted">${t.importing.line}</p>
    <${Field} label=${t.importing.file} type="file" accept=".json,application/json" value=${file} onInput=${setFile} error=${wrong || null} />
    ${template ? html`<${Field} label=${t.importing.name} value=${name} onInput=${setName} maxlength=${NAME_LENGTH} />` : null}
    ${wanted.map(
      ({ word, names }) => html`<${Field}
        key=${word}
        label=${t.importing.thing(word)}
        hint=${t.importing.wants(names)}
        type="select"
        value=${chosen[word] ?? ''}
        onInput=${(/** @type {string} */ id) => setPicked({ ...picked, [word]: id })}
        options=${[{ value: '', label: t.importing.none }, ...(things.data ?? []).map((/** @type {any} */ thing) => ({ value: thing.id, label: thing.name }))]}
      />`,
    )}
    ${ready && ready.missing.length > 0 ? html`<p class="warning-text">${t.importing.missing(ready.missing)}</p>` : null}
  <//>`;
}

/** @param {any} widget ids where the document has whole variables */
const linkedOnly = (widget) => ({ ...widget, variables: widget.variables.map((/** @type {string} */ id) => ({ id })) });
