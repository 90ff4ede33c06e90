import { h, html, useEffect, useState } from '../html.js';
import words from '../strings/widgets.js';
import { Field } from '../ui/index.js';
import { LONGEST, tree } from './lib/markdown.js';

const t = words.settings;
const PAPERS = ['plain', 'amber', 'moss', 'rose', 'sky'];

/** The text of a note. @param {any} options */
const textOf = (options) => {
  const found = [options.text, options.content, options.markdown].find((one) => typeof one === 'string');
  return (found ?? '').slice(0, LONGEST);
};

/** @param {import('./lib/markdown.js').Node} node @returns {any} */
const draw = (node) => (typeof node === 'string' ? node : h(node.tag, node.attrs ?? null, ...node.children.map(draw)));

/** @param {{text: string}} props */
export function Markdown({ text }) {
  const [lexer, setLexer] = useState(/** @type {{read: (text: string) => any[]}|null} */ (null));
  useEffect(() => {
    let gone = false;
    import('marked').then(
      ({ marked }) => !gone && setLexer({ read: (source) => marked.lexer(source, { gfm: true, breaks: true }) }),
    );
    return () => {
      gone = true;
    };
  }, []);
  if (!lexer) return html`<p class="w-note-plain">${text}</p>`;
  return html`${tree(lexer.read(text)).map(draw)}`;
}

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ options }) {
  const text = textOf(options);
  const paper = PAPERS.includes(options.paper) ? options.paper : 'plain';
  return html`<div
    class=${`w-note w-note-${paper} w-note-size-${['s', 'l'].includes(options.size) ? options.size : 'm'}`}
    tabindex="0"
    role="note"
    aria-label=${words.kinds.stickyNote}
  >
    ${text.trim() ? html`<${Markdown} text=${text} />` : html`<p class="w-none">${words.note.empty}</p>`}
  </div>`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange }) {
  return html`<${Field}
      label=${t.markdown}
      hint=${t.markdownHint}
      type="textarea"
      rows=${10}
      maxlength=${LONGEST}
      value=${textOf(options)}
      onInput=${(/** @type {string} */ text) => onChange({ text })}
    />
    <${Field}
      label=${t.paper}
      type="select"
      value=${options.paper ?? 'plain'}
      onInput=${(/** @type {string} */ paper) => onChange({ paper })}
      options=${PAPERS.map((value) => ({ value, label: t.papers[/** @type {'plain'} */ (value)] }))}
    />
    <${Field}
      label=${t.size}
      type="select"
      value=${options.size ?? 'm'}
      onInput=${(/** @type {string} */ size) => onChange({ size })}
      options=${['s', 'm', 'l'].map((value) => ({ value, label: t.sizes[/** @type {'m'} */ (value)] }))}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Sticky Note',
  aliases: ['Note', 'StickyNote'],
  label: words.kinds.stickyNote,
  icon: 'sticky-note',
  fits: (variables) => variables.length === 0,
  count: [0, 0],
  size: { w: 3, h: 3, minW: 1, minH: 1 },
  phone: { w: 2, h: 3 },
  live: false,
  bleed: true,
  defaults: () => ({ text: words.note.sample }),
  View,
  Settings,
};
