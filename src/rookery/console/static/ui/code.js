import { html, useMemo } from '../html.js';
import { Button } from './button.js';
import { Copy, saveFile } from './copy.js';
import t from '../strings/ui.js';

/** Words that stand out in each language; strings, comments and numbers do in all. */
const KEYWORDS = {
  cpp: 'bool char const class define else false float for if ifdef ifndef endif include int long new return static struct String true unsigned void while',
  js: 'async await const else export false for from function if import let new null of return throw true try catch undefined var while',
  python: 'and as async await class def elif else except False finally for from if import in is lambda None not or pass raise return True try while with',
  go: 'break case chan const defer else false for func go if import interface map nil package range return struct switch true type var',
  shell: 'curl do done echo else export fi for if in then while',
  json: 'true false null',
  http: 'GET POST PUT DELETE PATCH',
  text: '',
};
/** @type {Record<string, keyof typeof KEYWORDS>} */
const NAMES = { c: 'cpp', h: 'cpp', ino: 'cpp', arduino: 'cpp', javascript: 'js', py: 'python', micropython: 'python', bash: 'shell', sh: 'shell', curl: 'shell' };

/** Text longer than this is shown without colours. */
const LONGEST_COLOURED = 60_000;

/** @param {string} text @param {string} language @returns {import('../html.js').Children} */
function coloured(text, language) {
  const known = /** @type {keyof typeof KEYWORDS} */ (language in KEYWORDS ? language : (NAMES[language] ?? 'text'));
  if (known === 'text' || text.length > LONGEST_COLOURED) return text;
  const comment = { python: '#[^\\n]*', shell: '(?<=^|\\s)#[^\\n]*', json: '(?!)', http: '(?!)' }[/** @type {string} */ (known)] ?? '//[^\\n]*|/\\*[\\s\\S]*?\\*/';
  const expression = new RegExp(
    `(?<comment>${comment})|(?<string>"(?:[^"\\\\\\n]|\\\\.)*"|'(?:[^'\\\\\\n]|\\\\.)*'|\`[^\`]*\`)(?<colon>\\s*:)?|(?<number>\\b\\d[\\w.]*)|(?<word>#?[A-Za-z_]\\w*)`,
    'gm',
  );
  const words = new Set(KEYWORDS[known].split(' '));
  /** @type {any[]} */
  const out = [];
  let last = 0;
  for (const found of text.matchAll(expression)) {
    const groups = found.groups ?? {};
    let kind = '';
    if (groups.comment) kind = 'comment';
    else if (groups.string) kind = known === 'json' && groups.colon ? 'key' : 'string';
    else if (groups.number) kind = 'number';
    else if (groups.word && words.has(groups.word.replace('#', ''))) kind = 'word';
    if (!kind) continue;
    const piece = groups.string ?? found[0];
    out.push(text.slice(last, found.index), html`<span class=${`code-${kind}`}>${piece}</span>`);
    last = found.index + piece.length;
  }
  out.push(text.slice(last));
  return out;
}

/** A piece of program or a command, to copy and, with `file`, to download. `copy` is what is copied where secrets are
 * shortened on the page.
 * @param {{text: string, language?: string, label?: string, file?: string, wrap?: boolean, copy?: string}} props */
export function Code({ text, language = 'text', label, file, wrap = false, copy = text }) {
  const inside = useMemo(() => coloured(text, language), [text, language]);
  return html`<figure class=${label || file ? 'code' : 'code code-bare'}>
    <figcaption class="code-head">
      <span class="code-label">${label ?? file ?? ''}</span>
      <span class="code-actions">
        ${file ? html`<${Button} small=${true} kind="quiet" icon="download" label=${t.download} onClick=${() => saveFile(file, copy)} />` : null}
        <${Copy} text=${copy} />
      </span>
    </figcaption>
    <pre tabindex="0" role="group" class=${wrap ? 'code-wrap' : ''} aria-label=${label ?? file ?? language}><code>${inside}</code></pre>
  </figure>`;
}

/** A value as JSON, to read and copy. @param {{value: unknown, label?: string}} props */
export function Json({ value, label }) {
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? String(value), [value]);
  return html`<${Code} text=${text} language="json" label=${label ?? 'JSON'} />`;
}

/** At most so many bytes are drawn; the rest is counted. */
const MOST_BYTES = 4096;
/** With more of them the text beside the bytes would be outside of the panel of an event, and of a phone. */
const BYTES_A_LINE = 8;

/** Bytes as people debug them: offset, hexadecimal, text.
 * @param {{bytes: Uint8Array | number[], label?: string}} props */
export function Hex({ bytes, label }) {
  const text = useMemo(() => {
    const all = [...bytes.slice(0, MOST_BYTES)];
    const lines = [];
    for (let at = 0; at < all.length; at += BYTES_A_LINE) {
      const row = all.slice(at, at + BYTES_A_LINE);
      const pairs = row.map((each) => each.toString(16).padStart(2, '0'));
      const left = pairs.join(' ').padEnd(3 * BYTES_A_LINE - 1);
      const words = row.map((each) => (each > 31 && each < 127 ? String.fromCharCode(each) : '·')).join('');
      lines.push(`${at.toString(16).padStart(4, '0')}  ${left}  ${words}`);
    }
    if (bytes.length > MOST_BYTES) lines.push(`… ${t.bytes(bytes.length - MOST_BYTES)}`);
    return lines.join('\n');
  }, [bytes]);
  return html`<${Code} text=${text} label=${label ?? t.bytes(bytes.length)} />`;
}
