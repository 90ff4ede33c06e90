import { html, useState } from '../html.js';
import words from '../strings/widgets.js';
import { Button, Field } from '../ui/index.js';
import { writes } from './lib/fits.js';
import { instead } from './lib/parts.js';
import { fieldsOf, localSeconds, secondsOf } from './lib/zone.js';
import { holds } from './types.js';

const t = words.time;

/**
 * A TIME is seconds of the board's own clock (what `getLocalTime()` is compared with), so what stands in the fields is
 * what is sent, whatever zone the viewer is in. With `utc` it is real seconds since 1970, shown in the viewer's zone.
 * @param {import('./lib/contract.js').ViewProps} props
 */
function View({ widget, variables: [bound], options }) {
  const [draft, setDraft] = useState(/** @type {{date: string, time: string}|null} */ (null));
  const value = bound.shown.value;
  const unset = value === null || value === undefined;
  if (!unset && !holds(value, 'time')) return html`<div class="w-middle">${instead(bound, value, 'time')}</div>`;
  /** @param {number} ms */
  const shift = (ms) => (options.utc ? localSeconds('', ms) - Math.floor(ms / 1000) : 0);
  const fields = draft ?? (unset ? { date: '', time: '' } : fieldsOf(value + shift(value * 1000)));
  const local = secondsOf(fields.date, fields.time);
  const seconds = local === null ? null : local - shift(local * 1000);
  const changed = draft !== null && seconds !== value;
  const name = widget.name || bound.name;
  /** @param {Partial<{date: string, time: string}>} patch */
  const put = (patch) => setDraft({ ...fields, ...patch });
  return html`<form
    class="w-time w-middle"
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      if (seconds === null) return;
      setDraft(null);
      bound.write(seconds);
    }}
  >
    <div class="w-time-fields">
      <input
        class="input"
        type="date"
        aria-label=${`${name}: ${t.date}`}
        value=${fields.date}
        min="1970-01-01"
        max="2105-12-31"
        disabled=${!bound.writable}
        onInput=${(/** @type {any} */ event) => put({ date: event.currentTarget.value })}
      />
      <input
        class="input"
        type="time"
        aria-label=${`${name}: ${t.time}`}
        value=${fields.time}
        step=${options.seconds ? 1 : 60}
        disabled=${!bound.writable}
        onInput=${(/** @type {any} */ event) => put({ time: event.currentTarget.value })}
      />
    </div>
    <div class="w-time-foot">
      ${
        draft === null
          ? html`<span class="w-caption"
                >${unset ? words.noValue : options.utc ? t.yours : bound.timezone ? t.zone(bound.timezone) : ''}</span
              >
              ${bound.writable && html`<${Button} kind="quiet" small label=${t.now} onClick=${() => bound.write(options.utc ? Math.floor(Date.now() / 1000) : localSeconds(bound.timezone, Date.now()))} />`}`
          : html`<${Button} small label=${words.cancel} kind="quiet" onClick=${() => setDraft(null)} />
              <${Button}
                small
                type="submit"
                kind="primary"
                label=${t.set}
                disabled=${!changed || seconds === null}
                title=${seconds === null ? t.incomplete : undefined}
              />`
      }
    </div>
  </form>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange }) {
  return html`<${Field}
      type="switch"
      label=${words.settings.seconds}
      value=${Boolean(options.seconds)}
      onInput=${(/** @type {boolean} */ seconds) => onChange({ seconds: seconds || undefined })}
    />
    <${Field}
      type="switch"
      label=${words.settings.local}
      value=${!options.utc}
      onInput=${(/** @type {boolean} */ local) => onChange({ utc: local ? undefined : true })}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Time Picker',
  label: words.kinds.timePicker,
  icon: 'clock',
  fits: writes('time'),
  rank: () => 10,
  count: [1, 1],
  size: { w: 3, h: 3, minW: 2, minH: 2 },
  phone: { w: 2, h: 2 },
  defaults: () => ({}),
  View,
  Settings,
};
