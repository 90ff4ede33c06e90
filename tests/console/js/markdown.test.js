import assert from 'node:assert/strict';
import { test } from 'node:test';
import { marked } from '../../../src/rookery/console/static/vendor/marked.js';
import { safeHref, tree } from '../../../src/rookery/console/static/widgets/lib/markdown.js';

const read = (text) => tree(marked.lexer(text, { gfm: true, breaks: true }));

/** A tree as text, to be compared at a glance. */
function show(node) {
  if (typeof node === 'string') return node;
  const attrs = Object.entries(node.attrs ?? {})
    .filter(([name]) => name !== 'style')
    .map(([name, value]) => ` ${name}=${value}`)
    .join('');
  return `<${node.tag}${attrs}>${node.children.map(show).join('')}</${node.tag}>`;
}
const drawn = (text) => read(text).map(show).join('');

/** A note, and what becomes of it. */
const NOTES = [
  ['plain', '<p>plain</p>'],
  ['# a\n## b', '<h2 class=w-note-h1>a</h2><h2 class=w-note-h2>b</h2>'],
  ['**a** *b* ~~c~~ `d`', '<p><strong>a</strong> <em>b</em> <del>c</del> <code>d</code></p>'],
  ['one\ntwo', '<p>one<br></br>two</p>'],
  ['> said', '<blockquote><p>said</p></blockquote>'],
  ['```js\nlet a = "<b>"\n```', '<pre><code>let a = "<b>"</code></pre>'],
  ['3. a\n4. b', '<ol start=3><li>a</li><li>b</li></ol>'],
  [
    '- [x] done\n- [ ] not',
    '<ul><li class=w-note-task><input type=checkbox checked=true disabled=true aria-label=done></input>done</li><li class=w-note-task><input type=checkbox checked=false disabled=true aria-label=not></input>not</li></ul>',
  ],
  [
    '|a|b|\n|-|-:|\n|1|2|',
    '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>',
  ],
  ['[x](https://a.b/c)', '<p><a href=https://a.b/c target=_blank rel=noopener noreferrer>x</a></p>'],
  ['[x](/console/things)', '<p><a href=/console/things>x</a></p>'],
  ['[x](javascript:alert(1))', '<p>x</p>'],
  ['[x](data:text/html,hi)', '<p>x</p>'],
  ['[x](//evil.example)', '<p>x</p>'],
  ['![alt](https://a.b/c.png)', '<p><a href=https://a.b/c.png target=_blank rel=noopener noreferrer>alt</a></p>'],
  ['![alt](x.png)', '<p>alt</p>'],
  ['<script>alert(1)</script>', '<script>alert(1)</script>'],
  ['a <img src=x onerror=alert(1)> b', '<p>a <img src=x onerror=alert(1)> b</p>'],
  ['\\*not\\*', '<p>*not*</p>'],
];
for (const [text, wanted] of NOTES) test(JSON.stringify(text), () => assert.equal(drawn(text), wanted));

test('nothing but known elements and attributes ever comes out', () => {
  const tags = new Set();
  const names = new Set();
  const walk = (node) => {
    if (typeof node === 'string') return;
    tags.add(node.tag);
    Object.keys(node.attrs ?? {}).forEach((name) => names.add(name));
    node.children.forEach(walk);
  };
  const wild =
    '<a href="javascript:x" onclick=y>z</a>\n\n<iframe src=x></iframe>\n\n[a]: javascript:alert(1)\n\n[a] <b>c</b> <svg/onload=x>\n\n' +
    NOTES.map(([text]) => text).join('\n\n');
  read(wild).forEach(walk);
  for (const tag of tags)
    assert.match(tag, /^(p|h2|strong|em|del|code|br|blockquote|pre|ol|ul|li|input|table|thead|tbody|tr|th|td|a|hr)$/);
  for (const name of names)
    assert.match(name, /^(class|start|type|checked|disabled|aria-label|href|target|rel|style)$/);
});

test('a note that is nested without end is text at some depth', () => {
  const deep = drawn('> '.repeat(60) + 'x');
  assert.ok(deep.split('<blockquote>').length < 40);
});

test('addresses that may be opened', () => {
  for (const good of ['https://a.b', 'HTTP://a.b', 'mailto:a@b.c', '/console/x']) assert.equal(safeHref(good), good);
  for (const bad of [
    '',
    'javascript:1',
    ' javascript:1',
    'vbscript:1',
    'ftp://a',
    '//a.b',
    '/other',
    '/console/\\\\evil',
    null,
  ])
    assert.equal(safeHref(bad), null);
});
