/** Copies what the console loads from the installed npm packages into the program. Called by scripts/vendor.
 *
 * Nothing is built or minified here. Files that are no ES modules as they were published get a line before and a line
 * after that makes them one; comments that name source maps are cut, because the maps stay behind. VERSIONS.json says
 * for each file the package, its version and licence, the file it was made from and the SHA-256 of what is here. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outlines } from './outlines.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, 'node_modules');
const target = join(here, '../../src/rookery/console/static/vendor');

const COMMONJS = 'const module = { exports: {} }, exports = module.exports;\n';

/** What is taken: package, its file, our name, and what has to be put around it. */
const FILES = [
  ['preact', 'dist/preact.mjs', 'preact.js'],
  ['preact', 'hooks/dist/hooks.mjs', 'preact-hooks.js'],
  ['htm', 'dist/htm.mjs', 'htm.js'],
  ['@preact/signals-core', 'dist/signals-core.mjs', 'signals-core.js'],
  ['@preact/signals', 'dist/signals.mjs', 'signals.js'],
  ['uplot', 'dist/uPlot.iife.min.js', 'uplot.js', (text) => `${text}\nexport default uPlot;\n`],
  ['uplot', 'dist/uPlot.min.css', 'uplot.css'],
  [
    'leaflet',
    'dist/leaflet.js',
    'leaflet.js',
    (text) => `${COMMONJS}${text}\nexport const { ${leafletNames().join(', ')} } = exports;\nexport default exports;\n`,
  ],
  ['leaflet', 'dist/leaflet.css', 'leaflet.css', withoutPictures],
  ['marked', 'lib/marked.esm.js', 'marked.js'],
];

/** The names that the package's own ES module exports; it is published with them only in a form three times as long. */
function leafletNames() {
  const text = readFileSync(join(packages, 'leaflet/dist/leaflet-src.esm.js'), 'utf8');
  const list = /^export \{([^}]*)\};$/m.exec(text);
  if (!list) throw new Error('leaflet exports its names in another way now');
  return list[1].split(',').map((name) => {
    const [inside, outside] = name.trim().split(' as ');
    return outside ?? inside;
  });
}

/** The style sheet without the pictures of controls that the console does not show. */
function withoutPictures(text) {
  return text.replace(/[^{}]*\{[^{}]*url\(images[^{}]*\}/g, '');
}

function describe(name) {
  const found = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  return { name, version: found.version, licence: found.license };
}

/** Icons as data: name to the children of a 24 by 24 line drawing. */
function icons() {
  const names = readFileSync(join(here, 'icons.txt'), 'utf8').split('\n').filter(Boolean);
  const drawn = [...new Set(names)].sort().map((name) => {
    const text = readFileSync(join(packages, 'lucide-static/icons', `${name}.svg`), 'utf8');
    const children = [...text.matchAll(/<(path|circle|rect|line|polyline|polygon|ellipse)\s([^>]*?)\/>/g)].map(
      ([, element, attributes]) => [
        element,
        Object.fromEntries([...attributes.matchAll(/([a-z0-9-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
      ],
    );
    if (!children.length) throw new Error(`nothing is drawn in the icon ${name}`);
    return `  ${JSON.stringify(name)}: ${JSON.stringify(children)},`;
  });
  return `/** Icons of Lucide that the console uses, listed in tools/console/icons.txt. Made by scripts/vendor. */
/** @type {Record<string, Array<[string, Record<string, string>]>>} */
export default {\n${drawn.join('\n')}\n};\n`;
}

const written = [];
function put(name, from, file, text) {
  const path = join(target, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  const { version, licence } = describe(name);
  written.push({ name, version, licence, from, file, sha256: createHash('sha256').update(text).digest('hex') });
}

rmSync(target, { recursive: true, force: true });
for (const [name, from, file, around] of FILES) {
  let text = readFileSync(join(packages, name, from), 'utf8');
  text = text.replace(/\n?(\/\/# sourceMappingURL=\S+|\/\*# sourceMappingURL=.*?\*\/)\s*$/, '\n');
  put(name, from, file, around ? around(text) : text);
}
put('lucide-static', 'icons', 'lucide.js', icons());
put('world-atlas', 'countries-50m.json', 'world.json', outlines(packages, 'countries-50m.json'));
for (const name of new Set(written.map((each) => each.name))) {
  const licence = ['LICENSE', 'LICENSE.md', 'LICENSE.txt'].map((each) => join(packages, name, each)).find(existsSync);
  if (!licence) throw new Error(`${name} brings no text of its licence`);
  const file = `licences/${name.replace('@', '').replace('/', '-')}.txt`;
  put(name, licence.slice(join(packages, name).length + 1), file, readFileSync(licence, 'utf8'));
}
writeFileSync(join(target, 'VERSIONS.json'), `${JSON.stringify(written, null, 2)}\n`);
console.log(`vendor: ${written.length} files of ${new Set(written.map((each) => each.name)).size} packages`);
