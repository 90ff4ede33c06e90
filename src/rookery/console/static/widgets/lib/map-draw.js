/** A map of outlines in Leaflet: land, borders, a grid where outlines end, markers and the way they came. */
import { Icon } from '../../ui/index.js';
import { forget, token } from '../../ui/chart-draw.js';
import { html, render } from '../../html.js';
import words from '../../strings/widgets.js';
import { around, gridStep, world } from './outlines.js';

const t = words.map;
/** From this zoom on the outlines say little, and a grid says where one is. */
const GRID_FROM = 7;
/** Below it the whole world is in sight, with more on both sides of it. */
const WHOLE_BELOW = 3;
const LONGEST_PATH = 2_000;

/** @typedef {[number, number]} Place */

/**
 * @param {any} L Leaflet
 * @param {HTMLElement} host
 * @param {{scale: boolean, zoom: number, name: string, onMoved: (away: boolean) => void}} how
 */
export function makeMap(L, host, { scale, zoom, name, onMoved }) {
  const map = L.map(host, {
    zoomControl: false,
    attributionControl: false,
    preferCanvas: true,
    scrollWheelZoom: false,
    minZoom: 0,
    maxZoom: 18,
    zoomSnap: 0.5,
    worldCopyJump: true,
    center: [20, 0],
    zoom: 1,
    maxBounds: [
      [-85, -Infinity],
      [85, Infinity],
    ],
    maxBoundsViscosity: 1,
  });
  host.setAttribute('role', 'application');
  host.setAttribute('aria-label', `${t.label}: ${name}`);
  L.control.zoom({ position: 'topright', zoomInTitle: t.zoomIn, zoomOutTitle: t.zoomOut }).addTo(map);
  if (scale) L.control.scale({ position: 'bottomleft', imperial: false, maxWidth: 90 }).addTo(map);
  host.addEventListener('focusin', () => map.scrollWheelZoom.enable());
  host.addEventListener('focusout', () => map.scrollWheelZoom.disable());

  const colour = (/** @type {string} */ token_) => token(host, token_);
  const renderer = L.canvas({ padding: 0.3 });
  const land = L.polygon([], { renderer, interactive: false, weight: 1, smoothFactor: 1.2, fillOpacity: 1 }).addTo(map);
  const borders = L.polyline([], {
    renderer,
    interactive: false,
    weight: 1,
    smoothFactor: 1.5,
    dashArray: '2 3',
  }).addTo(map);
  const grid = L.polyline([], { renderer, interactive: false, weight: 1 }).addTo(map);
  /** @type {Map<string, {marker: any, path: any, places: Place[], tone: string}>} */
  const shown = new Map();
  let gone = false;
  let held = false;
  let placed = false;

  const paint = () => {
    land.setStyle({ color: colour('--neutral-300'), fillColor: colour('--neutral-100') });
    borders.setStyle({ color: colour('--neutral-300') });
    grid.setStyle({ color: colour('--neutral-200') });
    for (const one of shown.values()) one.path.setStyle({ color: colour(one.tone) });
  };
  const drawGrid = () => {
    if (map.getZoom() < GRID_FROM) return grid.setLatLngs([]);
    const box = map.getBounds().pad(0.3);
    const step = gridStep(map.getBounds().getEast() - map.getBounds().getWest());
    const lines = [];
    for (let x = Math.ceil(box.getWest() / step) * step; x < box.getEast(); x += step)
      lines.push([
        [box.getSouth(), x],
        [box.getNorth(), x],
      ]);
    for (let y = Math.ceil(box.getSouth() / step) * step; y < box.getNorth(); y += step)
      lines.push([
        [y, box.getWest()],
        [y, box.getEast()],
      ]);
    return grid.setLatLngs(lines);
  };
  const away = () => {
    const box = map.getBounds();
    onMoved(
      [...shown.values()].some((one) => one.places.length > 0 && !box.contains(one.places[one.places.length - 1])),
    );
  };
  let outline = () => {};
  let shownWide = /** @type {boolean|null} */ (null);
  map.on('moveend zoomend', () => {
    outline();
    drawGrid();
    away();
  });
  map.on('dragstart', () => {
    held = true;
  });
  world().then(
    ({ land: shapes, borders: lines }) => {
      if (gone) return;
      outline = () => {
        const wide = map.getZoom() < WHOLE_BELOW;
        if (wide === shownWide) return;
        shownWide = wide;
        land.setLatLngs(around(shapes, wide));
        borders.setLatLngs(around(lines, wide));
      };
      outline();
    },
    (error) => console.warn(error),
  );
  paint();

  const observer = new ResizeObserver(() => map.invalidateSize({ animate: false }));
  observer.observe(host);
  const repaint = () => {
    forget(host);
    paint();
  };
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', repaint);
  const theme = new MutationObserver(repaint);
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });

  const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
  /** All newest places in sight. */
  function follow() {
    held = false;
    const places = [...shown.values()].flatMap((one) => one.places.slice(-1));
    if (places.length === 1)
      map.setView(places[0], placed ? Math.max(map.getZoom(), 3) : zoom, { animate: placed && !calm() });
    else if (places.length)
      map.fitBounds(L.latLngBounds(places).pad(0.3), { maxZoom: zoom, animate: placed && !calm() });
    placed ||= places.length > 0;
  }

  return {
    follow,
    /**
     * Where something is, and the way it came.
     * @param {string} id
     * @param {string} label
     * @param {Place[]} places oldest first
     * @param {{tone: string, icon: string, path: boolean}} look
     */
    put(id, label, places, look) {
      let one = shown.get(id);
      const at = places[places.length - 1];
      if (!at) {
        one?.marker.remove();
        one?.path.remove();
        shown.delete(id);
        return;
      }
      if (!one) {
        const pin = document.createElement('span');
        render(html`<${Icon} name=${look.icon} size=${18} />`, pin);
        const icon = L.divIcon({
          html: pin,
          className: `w-map-marker w-map-${look.icon === 'circle' ? 'dot' : 'pin'}`,
          iconSize: [32, 32],
          iconAnchor: look.icon === 'circle' ? [16, 16] : [16, 32],
        });
        one = {
          marker: L.marker(at, { icon, keyboard: false, title: label, alt: label }).addTo(map),
          path: L.polyline([], { renderer, interactive: false, weight: 3, opacity: 0.75, smoothFactor: 1 }).addTo(map),
          places,
          tone: look.tone,
        };
        one.path.setStyle({ color: colour(look.tone) });
        one.marker.getElement()?.style.setProperty('--tone', `var(${look.tone})`);
        shown.set(id, one);
      }
      one.places = places;
      one.marker.setLatLng(at);
      one.path.setLatLngs(look.path ? places.slice(-LONGEST_PATH) : []);
      if (!placed || (!held && !map.getBounds().contains(at))) follow();
      else away();
    },
    stop() {
      gone = true;
      observer.disconnect();
      theme.disconnect();
      dark.removeEventListener('change', repaint);
      map.remove();
    },
  };
}
