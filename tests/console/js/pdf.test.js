import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pdf } from '../../../src/rookery/console/static/ui/pdf.js';

/** @param {Blob} blob */
const latin = async (blob) => Buffer.from(await blob.arrayBuffer()).toString('latin1');

test('the table at the end tells where each object is', async () => {
  const text = await latin(pdf('Key of Greenhouse', ['Secret key:', 'K7mP2v', '']));
  const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)[1]);
  assert.ok(text.slice(start).startsWith('xref\n'));
  const entries = [...text.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, at]) => Number(at));
  assert.equal(entries.length, 6);
  entries.forEach((at, index) => assert.ok(text.slice(at).startsWith(`${index + 1} 0 obj\n`)));
  for (const [, length, stream] of text.matchAll(/\/Length (\d+) >>\nstream\n([\s\S]*?)\nendstream/g)) {
    assert.equal(stream.length, Number(length));
  }
});

test('text can not leave its string', async () => {
  const text = await latin(pdf('a) Tj (b', ['\\) \\', 'Grüße, 鳥']));
  assert.ok(text.includes('(a\\) Tj \\(b) Tj'));
  assert.ok(text.includes('(\\\\\\) \\\\) Tj'));
  assert.ok(text.includes('(Gr\xfc\xdfe, ?) Tj'));
});

test('long lines are folded and long lists go on over the page', async () => {
  const text = await latin(pdf('Codes', [...Array.from({ length: 60 }, (_, at) => `line ${at}`), 'x'.repeat(100)]));
  assert.equal(text.match(/\/Type \/Page /g).length, 2);
  assert.ok(text.includes(`(${'x'.repeat(84)}) Tj`) && text.includes(`(${'x'.repeat(16)}) Tj`));
});
