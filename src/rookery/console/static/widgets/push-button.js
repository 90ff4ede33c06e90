import { html, useEffect, useRef, useState } from '../html.js';
import words from '../strings/widgets.js';
import { Field, Icon } from '../ui/index.js';
import { writes } from './lib/fits.js';
import { iconOf } from './lib/icons.js';
import { IconField, ToneField } from './lib/settings.js';
import { toneOf } from './lib/tones.js';

/**
 * On while it is held. Each write waits for the one before, so that no press of a quick hand is lost.
 * @param {import('./lib/contract.js').ViewProps} props
 */
function View({ widget, variables: [bound], options }) {
  const [down, setDown] = useState(false);
  const held = useRef(false);
  const queue = useRef(Promise.resolve());
  /** @param {boolean} value */
  const send = (value) => {
    queue.current = queue.current.then(() => bound.write(value));
  };
  const press = () => {
    if (held.current || !bound.writable) return;
    held.current = true;
    setDown(true);
    send(true);
  };
  const release = () => {
    if (!held.current) return;
    held.current = false;
    setDown(false);
    send(false);
  };
  useEffect(() => release, []);
  /** @param {KeyboardEvent} event @param {() => void} act */
  const key = (event, act) => {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) act();
  };
  const on = down || bound.shown.value === true;
  const text = options.text || widget.name || words.pushButton.press;
  return html`<div class="w-push w-middle" style=${{ '--tone': toneOf(options.color, 'series-1') }}>
    <button
      type="button"
      class=${`w-push-button ${on ? 'is-on' : ''} ${down ? 'is-down' : ''}`}
      aria-pressed=${on}
      title=${words.pushButton.hold}
      disabled=${!bound.writable}
      onPointerDown=${(/** @type {PointerEvent} */ event) => {
        if (event.button !== 0) return;
        /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
        press();
      }}
      onPointerUp=${release}
      onPointerCancel=${release}
      onBlur=${release}
      onContextMenu=${(/** @type {Event} */ event) => down && event.preventDefault()}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => key(event, press)}
      onKeyUp=${(/** @type {KeyboardEvent} */ event) => key(event, release)}
    >
      ${iconOf(options.icon) && html`<${Icon} name=${iconOf(options.icon)} size=${20} />`}<span>${text}</span>
    </button>
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange }) {
  const t = words.settings;
  return html`<${Field}
      label=${t.text}
      value=${options.text ?? ''}
      onInput=${(/** @type {string} */ text) => onChange({ text: text || undefined })}
    />
    <${IconField}
      label=${t.icon}
      value=${options.icon}
      onChange=${(/** @type {string|undefined} */ icon) => onChange({ icon })}
    />
    <${ToneField}
      label=${t.colour}
      value=${options.color ?? 'series-1'}
      onChange=${(/** @type {string} */ color) => onChange({ color })}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Push Button',
  aliases: ['Button'],
  label: words.kinds.pushButton,
  icon: 'circle-dot',
  fits: writes('bool'),
  rank: (variables) => (variables[0]?.source?.kind === 'function' ? 12 : 6),
  count: [1, 1],
  size: { w: 2, h: 2, minW: 1, minH: 1 },
  phone: { w: 1, h: 2 },
  defaults: () => ({}),
  View,
  Settings,
};
