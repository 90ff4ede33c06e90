import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allHeaders,
  bodyText,
  curl,
  go,
  goString,
  javascript,
  masked,
  python,
  pythonString,
  pythonValue,
  scriptString,
  scriptValue,
  shellWord,
  shortened,
} from '../../../src/rookery/console/static/tutorial/snippets.js';

const AWKWARD = [
  '',
  ' ',
  'plain',
  "it's",
  'say "hi"',
  'back\\slash',
  'back`quote',
  '$HOME $(id) `id` !! %d %s {{x}}',
  'two\nlines\r\nand\ttab',
  'äöü – ☃ 🐦',
  '\u0000\u0001\u001b\u007f',
  '\u202egnp.exe',
  '\ufeffbom \u2028 separators \u2029',
  "'''\"\"\"",
  '\\u0041 \\x41 \\N{BULLET}',
  '</script><!--',
  'a=b&c=d+e%20',
  '@file',
];

/** What a Go compiler makes of a literal (the specification's "String literals"). @param {string} literal */
function readGo(literal) {
  if (literal.startsWith('`')) return literal.slice(1, -1).replaceAll('\r', '');
  const escapes = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"' };
  const inner = literal.slice(1, -1);
  assert.ok(!/\n/.test(inner));
  return inner.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (whole, each) => {
    if (each.length === 5) {
      const point = Number.parseInt(each.slice(1), 16);
      assert.ok(point < 0xd800 || point > 0xdfff, 'Go refuses surrogates');
      return String.fromCodePoint(point);
    }
    assert.ok(each in escapes, `Go has no escape ${whole}`);
    return escapes[/** @type {keyof typeof escapes} */ (each)];
  });
}

test('literals of Go say what they were made of', () => {
  for (const text of AWKWARD) assert.equal(readGo(goString(text)), text);
  assert.equal(goString('{"a":1}'), '`{"a":1}`');
  assert.equal(goString('a`"b'), '"a`\\"b"');
});

test('literals of JavaScript say what they were made of', () => {
  for (const text of AWKWARD) assert.equal(new Function(`return ${scriptString(text)}`)(), text);
});

test('what can not be seen is escaped', () => {
  for (const write of [goString, pythonString, scriptString]) {
    assert.ok(write('\u202egnp').includes('\\u202e'));
    assert.ok(write('\ufeff').includes('\\ufeff'));
  }
});

test('half a surrogate pair is no text', () => {
  for (const write of [goString, pythonString, scriptString]) assert.equal(write('a\ud800b'), '"a\ufffdb"');
  assert.equal(shellWord('a\udc00'), "'a\ufffd'");
  assert.equal(bodyText({ kind: 'form', fields: [['a', '\ud800']] }), 'a=%EF%BF%BD');
});

test('words of a shell', () => {
  assert.equal(shellWord("it's"), "'it'\\''s'");
  assert.equal(shellWord('$HOME'), "'$HOME'");
});

test('values of Python', () => {
  assert.equal(pythonValue({ a: [true, false, null, 1.5, 'x'] }), '{"a": [True, False, None, 1.5, "x"]}');
});

test('values of JavaScript keep a member called __proto__', () => {
  const value = JSON.parse('{"__proto__": 1, "a-b": {"c": [true, null]}}');
  const read = new Function(`return ${scriptValue(value)}`)();
  assert.deepEqual(Object.keys(read), ['__proto__', 'a-b']);
  assert.equal(JSON.stringify(read), JSON.stringify(value));
});

test('long values are broken into lines', () => {
  const value = { name: 'x'.repeat(60), list: ['y'.repeat(60), { z: 'z'.repeat(60) }] };
  assert.deepEqual(new Function(`return ${scriptValue(value)}`)(), value);
  assert.ok(scriptValue(value).split('\n').length > 5);
});

test('curl says the method only where it would choose another', () => {
  const url = 'http://x/';
  assert.equal(curl({ method: 'GET', url }), "curl 'http://x/'");
  assert.equal(curl({ method: 'PUT', url }), "curl -X PUT 'http://x/'");
  assert.equal(curl({ method: 'POST', url }), "curl -X POST 'http://x/'");
  const form = curl({ method: 'POST', url, body: { kind: 'form', fields: [['arg', '1']] } });
  assert.equal(form, "curl 'http://x/' \\\n  --data-urlencode 'arg=1'");
  assert.match(curl({ method: 'GET', url, stream: true }), /^curl -N /);
});

test('headers follow from the body and from Basic', () => {
  const request = { method: 'POST', url: 'http://x/', basic: /** @type {[string, string]} */ (['ü', 'p:q']) };
  assert.deepEqual(allHeaders({ ...request, body: { kind: 'json', value: {} } }), [
    ['Authorization', `Basic ${Buffer.from('ü:p:q').toString('base64')}`],
    ['Content-Type', 'application/json'],
  ]);
});

test('secrets are shortened wherever they are', () => {
  const secret = '0123456789abcdef'.repeat(2);
  const request = masked(
    {
      method: 'POST',
      url: `http://x/?access_token=${secret}`,
      headers: [['Authorization', `Bearer ${secret}`]],
      body: { kind: 'form', fields: [['access_token', secret]] },
    },
    [secret, ''],
  );
  assert.ok(!JSON.stringify(request).includes(secret));
  assert.equal(request.headers?.[0][1], `Bearer ${shortened(secret)}`);
  assert.equal(shortened(secret), '0123…cdef');
});

test('of a password nothing is shown, not even while it is typed', () => {
  for (const password of ['p', 'pass', 'a password of mine']) {
    /** @type {import('../../../src/rookery/console/static/tutorial/snippets.js').Request} */
    const request = {
      method: 'POST',
      url: 'http://x/p',
      basic: ['particle', password],
      body: { kind: 'form', fields: [['grant_type', 'password'], ['password', password]] },
    };
    const hidden = masked(request, [password]);
    assert.deepEqual(hidden.basic, ['particle', '…']);
    assert.equal(bodyText(hidden.body), `grant_type=password&password=${encodeURIComponent('…')}`);
    assert.equal(hidden.url, 'http://x/p');
  }
});

test('a stream is read line by line in each language', () => {
  const request = { method: 'GET', url: 'http://x/v1/devices/events', stream: true };
  assert.match(python(request), /stream=True/);
  assert.match(javascript(request), /for await/);
  assert.match(go(request), /bufio\.NewScanner/);
  assert.doesNotMatch(go(request), /"io"/);
});

test('Go imports what it uses and nothing else', () => {
  const url = 'http://x/';
  assert.doesNotMatch(go({ method: 'GET', url }), /strings/);
  assert.match(go({ method: 'POST', url, body: { kind: 'json', value: {} } }), /"strings"\n\)/);
  const form = go({ method: 'POST', url, body: { kind: 'form', fields: [['a', 'b']] } });
  assert.match(form, /"net\/url"\n\t"strings"\n\)/);
  assert.match(form, /form\.Add\("a", "b"\)/);
});
