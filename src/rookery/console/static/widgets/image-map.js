import { html, useRef, useState } from '../html.js';
import words from '../strings/widgets.js';
import { Field } from '../ui/index.js';
import { sourceOf, PictureFields } from './image.js';
import { number, reads } from './lib/fits.js';
import { toneOf } from './lib/tones.js';
import { formatValue } from './types.js';

const t = words.settings;

/** The marker of a variable. The wire knows it by the property it holds, as an id or as a whole object. @param {any} options @param {string} id @param {number} at */
function markerOf(options, id, at) {
  const all = Array.isArray(options.markersSettings) ? options.markersSettings : [];
  const found = all.find((/** @type {any} */ one) => one?.property === id || one?.property?.id === id) ?? {};
  // Without a place they stand side by side, so that each can be seen and moved.
  return {
    ...found,
    x: Math.min(Math.max(number(found.x, 12 + (at % 5) * 18), 0), 100),
    y: Math.min(Math.max(number(found.y, 20 + Math.floor(at / 5) * 20), 0), 100),
  };
}

/** @param {{bound: import('./lib/contract.js').Bound, marker: any}} props */
function Marker({ bound, marker }) {
  const value = bound.shown.value;
  const text = formatValue(value, bound.type, { unit: bound.unit, none: '–' });
  const lamp = typeof value === 'boolean';
  return html`<li
    class=${`w-spot ${lamp ? 'is-lamp' : ''} ${value === true ? 'is-on' : ''}`}
    style=${{ left: `${marker.x}%`, top: `${marker.y}%`, '--tone': toneOf(marker.color, lamp ? 'moss' : 'series-1') }}
    title=${words.imageMap.marker(bound.name, text)}
  >
    <i></i><span class="hidden">${bound.name}: </span><b>${text}</b>
  </li>`;
}

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables, options }) {
  const source = sourceOf(options);
  const [shape, setShape] = useState(0);
  const stage = shape ? { width: `min(100cqw, ${shape * 100}cqh)`, aspectRatio: String(shape) } : {};
  return html`<div class="w-spots">
    <div class=${`w-spots-stage ${shape ? 'is-sized' : ''}`} style=${stage}>
      ${
        source
          ? html`<img
              class="w-image w-image-contain"
              src=${source}
              alt=${options.alt || widget.name || words.image.alt}
              referrerpolicy="no-referrer"
              draggable=${false}
              onLoad=${(/** @type {any} */ event) => {
                const { naturalWidth, naturalHeight } = event.currentTarget;
                if (naturalWidth && naturalHeight) setShape(naturalWidth / naturalHeight);
              }}
            />`
          : html`<p class="w-none w-middle">${words.imageMap.empty}</p>`
      }
      <ul>
        ${variables.map((bound, at) => html`<${Marker} key=${bound.id} bound=${bound} marker=${markerOf(options, bound.id, at)} />`)}
      </ul>
    </div>
  </div>`;
}

/**
 * The image with its markers, to be dragged to their places. The fields below do the same by keyboard.
 * @param {{source: string, places: {bound: import('./lib/contract.js').Bound, marker: any}[], onPlace: (at: number, x: number, y: number) => void}} props
 */
function Placer({ source, places, onPlace }) {
  const stage = useRef(/** @type {HTMLDivElement|null} */ (null));
  /** @param {PointerEvent} event @param {number} at */
  const move = (event, at) => {
    const pin = /** @type {Element} */ (event.currentTarget);
    if (!stage.current || !pin.hasPointerCapture(event.pointerId)) return;
    const box = stage.current.getBoundingClientRect();
    const part = (/** @type {number} */ value) => Math.round(Math.min(Math.max(value, 0), 1) * 200) / 2;
    onPlace(at, part((event.clientX - box.left) / box.width), part((event.clientY - box.top) / box.height));
  };
  return html`<div class="w-placer" ref=${stage} aria-hidden="true">
    <img src=${source} alt="" draggable=${false} referrerpolicy="no-referrer" />
    ${places.map(
      ({ bound, marker }, at) =>
        html`<span
          key=${bound.id}
          class="w-spot"
          style=${{ left: `${marker.x}%`, top: `${marker.y}%`, '--tone': toneOf(marker.color) }}
          onPointerDown=${(/** @type {PointerEvent} */ event) => /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId)}
          onPointerMove=${(/** @type {PointerEvent} */ event) => move(event, at)}
          ><i></i><b>${bound.name}</b></span
        >`,
    )}
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange, variables }) {
  /** @param {import('./lib/contract.js').Bound} bound @param {number} at @param {any} patch */
  const put = (bound, at, patch) => {
    const all = Array.isArray(options.markersSettings) ? options.markersSettings : [];
    const others = all.filter((/** @type {any} */ one) => one?.property !== bound.id && one?.property?.id !== bound.id);
    onChange({ markersSettings: [...others, { property: bound.id, ...markerOf(options, bound.id, at), ...patch }] });
  };
  const source = sourceOf(options);
  return html`<${PictureFields} options=${options} onChange=${onChange} /> ${
      source &&
      html`<${Placer}
        source=${source}
        places=${variables.map((bound, at) => ({ bound, marker: markerOf(options, bound.id, at) }))}
        onPlace=${(/** @type {number} */ at, /** @type {number} */ x, /** @type {number} */ y) => put(variables[at], at, { x, y })}
      />`
    }
    ${variables.map((bound, at) => {
      const marker = markerOf(options, bound.id, at);
      return html`<fieldset class="w-list-field" key=${bound.id}>
        <legend>${bound.name}</legend>
        <div class="w-set-row">
          <${Field}
            label=${t.across}
            type="number"
            min="0"
            max="100"
            value=${String(marker.x)}
            onInput=${(/** @type {string} */ text) => put(bound, at, { x: number(text, marker.x) })}
          />
          <${Field}
            label=${t.down}
            type="number"
            min="0"
            max="100"
            value=${String(marker.y)}
            onInput=${(/** @type {string} */ text) => put(bound, at, { y: number(text, marker.y) })}
          />
        </div>
      </fieldset>`;
    })}`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Image Map',
  label: words.kinds.imageMap,
  icon: 'map-pin',
  fits: reads('bool', 'int', 'float', 'string'),
  rank: () => 1,
  count: [1, 20],
  size: { w: 5, h: 5, minW: 2, minH: 2 },
  phone: { w: 2, h: 4 },
  bleed: true,
  defaults: () => ({ markersSettings: [] }),
  View,
  Settings,
};
