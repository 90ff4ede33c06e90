/** The outlines of land and the borders between countries, in the least text that still looks right at zoom 7. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Steps in a degree: 0.02° is two kilometres, about what the 1:50 million outlines can tell apart. */
const STEPS = 50;

/** A line as [longitude, latitude, then steps from one point to the next ...], all in steps. */
function thin(line) {
  const out = [];
  let x = 0;
  let y = 0;
  for (const [longitude, latitude] of line) {
    const [nextX, nextY] = [Math.round(longitude * STEPS), Math.round(latitude * STEPS)];
    if (out.length && nextX === x && nextY === y) continue;
    out.push(nextX - x, nextY - y);
    [x, y] = [nextX, nextY];
  }
  return out;
}

/** `{steps, land: [[ring, hole ...] ...], borders: [line ...]}`: points are differences to the point before, in
 * 1/steps of a degree, longitude first. */
export function outlines(packages, file) {
  const topojson = createRequire(import.meta.url)(join(packages, 'topojson-client'));
  const world = JSON.parse(readFileSync(join(packages, 'world-atlas', file), 'utf8'));
  const countries = world.objects.countries;
  const land = topojson
    .merge(world, countries.geometries)
    .coordinates.map((polygon) => polygon.map(thin).filter((ring) => ring.length >= 8))
    .filter((polygon) => polygon.length);
  const borders = topojson
    .mesh(world, countries, (one, other) => one !== other)
    .coordinates.map(thin)
    .filter((line) => line.length >= 4);
  return JSON.stringify({ steps: STEPS, land, borders });
}
