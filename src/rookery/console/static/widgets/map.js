import { html, useEffect, useRef, useState } from '../html.js';
import { style } from '../style.js';
import words from '../strings/widgets.js';
import { Button, Field } from '../ui/index.js';
import { number, reads } from './lib/fits.js';
import { instead } from './lib/parts.js';
import { NumberOption } from './lib/settings.js';
import { formatValue, holds } from './types.js';

/** @typedef {import('./lib/map-draw.js').Place} Place */

const t = words.settings;
const ICONS = /** @type {Record<string, string>} */ ({ pin: 'map-pin', dot: 'circle', arrow: 'car', house: 'house' });
/** Places of a way; the oldest go. */
const KEPT = 1_000;
const ZOOM = 6;

/** A place of the map, null for what is none. @param {any} value @returns {Place|null} */
export function placeOf(value) {
  if (!value || !holds(value, 'location') || Math.abs(value.lat) > 90) return null;
  return [value.lat, ((((value.lon + 180) % 360) + 360) % 360) - 180];
}

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, variables, options, range }) {
  const host = useRef(/** @type {HTMLDivElement|null} */ (null));
  const map = useRef(/** @type {any} */ (null));
  const ways = useRef(/** @type {Map<string, Place[]>} */ (new Map()));
  const [ready, setReady] = useState(false);
  const [away, setAway] = useState(false);
  const name = widget.name || variables.map((one) => one.name).join(', ');
  const path = options.path !== false;
  const { from } = range.value;

  useEffect(() => {
    let gone = false;
    /** @type {any} */
    let made = null;
    Promise.all([import('leaflet'), import('./lib/map-draw.js'), style('vendor/leaflet')]).then(([leaflet, draw]) => {
      if (gone || !host.current) return;
      made = map.current = draw.makeMap(leaflet.default ?? leaflet, host.current, {
        scale: options.scale !== false,
        zoom: number(options.zoom, ZOOM),
        name,
        onMoved: setAway,
      });
      setReady(true);
    });
    return () => {
      gone = true;
      made?.stop();
      map.current = null;
      setReady(false);
    };
  }, [options.scale, options.zoom, options.marker]);

  useEffect(() => {
    if (!ready) return undefined;
    let gone = false;
    const offs = variables.map((bound, at) => {
      const look = { tone: `--series-${(at % 8) + 1}`, icon: ICONS[options.marker] ?? ICONS.pin, path };
      const show = () => map.current?.put(bound.id, bound.name, ways.current.get(bound.id) ?? [], look);
      /** @param {any} value */
      const go = (value) => {
        const place = placeOf(value);
        if (!place) return;
        const way = ways.current.get(bound.id) ?? [];
        const last = way[way.length - 1];
        if (last && last[0] === place[0] && last[1] === place[1]) return;
        ways.current.set(bound.id, [...way, place].slice(-KEPT));
        show();
      };
      ways.current.set(bound.id, []);
      go(bound.value.peek());
      if (path && bound.recent) {
        bound.recent(KEPT).then(
          (found) => {
            if (gone) return;
            const known = found
              .filter(([ms]) => ms >= from)
              .flatMap(([, value]) => {
                const place = placeOf(value);
                return place ? [place] : [];
              });
            ways.current.set(bound.id, [...known, ...(ways.current.get(bound.id) ?? [])].slice(-KEPT));
            show();
          },
          () => {},
        );
      }
      const off = bound.onPoint((_, value) => go(value));
      return off;
    });
    return () => {
      gone = true;
      offs.forEach((off) => off());
    };
  }, [ready, variables.map((one) => one.id).join(), path, options.marker]);

  const first = variables[0];
  const value = first.shown.value;
  const wrong = value !== null && value !== undefined && !placeOf(value);
  return html`<div class="w-map">
    <div class="w-map-face" ref=${host}></div>
    ${!ready && html`<p class="w-map-note">${words.map.loading}</p>`}
    ${(wrong || value === null || value === undefined) && html`<div class="w-map-over">${instead(first, value, 'location') ?? html`<p class="w-none">${words.wrongType(words.families.location)}</p>`}</div>`}
    ${away && html`<span class="w-map-follow"><${Button} small icon="map-pin" label=${words.map.follow} onClick=${() => map.current?.follow()} /></span>`}
    <p class="hidden">
      ${variables.map((one) => words.map.here(one.name, formatValue(one.shown.value, 'LOCATION', { none: words.noValue }))).join('. ')}
    </p>
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange }) {
  return html`<${Field}
      label=${t.path}
      type="switch"
      value=${options.path !== false}
      onInput=${(/** @type {boolean} */ path) => onChange({ path })}
    />
    <${Field}
      label=${t.scale}
      type="switch"
      value=${options.scale !== false}
      onInput=${(/** @type {boolean} */ scale) => onChange({ scale })}
    />
    <${Field}
      label=${t.marker}
      type="select"
      value=${options.marker ?? 'pin'}
      onInput=${(/** @type {string} */ marker) => onChange({ marker })}
      options=${Object.keys(ICONS).map((each) => ({ value: each, label: t.markers[/** @type {'pin'} */ (each)] }))}
    />
    <${NumberOption}
      label=${t.zoom}
      name="zoom"
      options=${options}
      onChange=${onChange}
      min=${0}
      max=${18}
      step=${1}
      placeholder=${String(ZOOM)}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Map',
  aliases: ['Advanced Map'],
  label: words.kinds.map,
  icon: 'map-pin',
  fits: reads('location'),
  rank: () => 10,
  count: [1, 5],
  size: { w: 4, h: 5, minW: 2, minH: 2 },
  phone: { w: 2, h: 5 },
  bleed: true,
  defaults: () => ({ path: true, scale: true }),
  ranged: true,
  View,
  Settings,
};
