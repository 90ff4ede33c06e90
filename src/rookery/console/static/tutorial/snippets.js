/**
 * One HTTP request, written as a call in curl, Python, JavaScript and Go.
 *
 * Pure functions: a request goes in, a text comes out that can be pasted and run. Whatever is in the values (quotes,
 * line ends, backslashes, text in any script) has to come out of the program as it went in, so each language has one
 * function for its literals and nothing else writes values. Half of a surrogate pair is no text in UTF-8 and becomes
 * U+FFFD; characters that can not be seen (and those that turn the direction of writing) are escaped where the
 * language can, so that code looks like what it does.
 */

/**
 * @typedef {{kind: 'json', value: unknown} | {kind: 'form', fields: [string, string][]}} Body
 *
 * @typedef {object} Request
 * @property {string} method
 * @property {string} url absolute, encoded
 * @property {[string, string][]} [headers] without the content type, which follows from the body
 * @property {Body | null} [body]
 * @property {[string, string]} [basic] user and password of HTTP Basic
 * @property {boolean} [stream] the answer has no end: it is shown line by line
 */

export const LANGUAGES = /** @type {const} */ (['curl', 'python', 'javascript', 'go']);
/** @typedef {typeof LANGUAGES[number]} Language */

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const WIDTH = 96;
const SURROGATES = /[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/**
 * The request in a language.
 * @param {Language} language
 * @param {Request} request
 * @returns {string}
 */
export function snippet(language, request) {
  return { curl, python, javascript, go }[language](request);
}

/**
 * Headers as they go out, with those that follow from the body and from Basic.
 * @param {Request} request
 * @returns {[string, string][]}
 */
export function allHeaders(request) {
  /** @type {[string, string][]} */
  const headers = [...(request.headers ?? [])];
  if (request.basic) headers.unshift(['Authorization', `Basic ${base64(request.basic.join(':'))}`]);
  if (request.body) headers.push(['Content-Type', request.body.kind === 'json' ? JSON_TYPE : FORM_TYPE]);
  return headers;
}

/**
 * The body as it goes out.
 * @param {Body | null | undefined} body
 * @returns {string | null}
 */
export function bodyText(body) {
  if (!body) return null;
  if (body.kind === 'json') return JSON.stringify(body.value);
  return body.fields.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
}

/**
 * The same request with secrets shortened, to be looked at.
 * @param {Request} request
 * @param {string[]} secrets
 * @returns {Request}
 */
export function masked(request, secrets) {
  // A short one, such as the begin of a password that is being typed, is hidden where it stands by itself only.
  const known = secrets.filter((secret) => secret.length >= 8).sort((a, b) => b.length - a.length);
  /** @param {string} text */
  const hide = (text) =>
    text !== '' && secrets.includes(text) ? shortened(text) : known.reduce((seen, secret) => seen.replaceAll(secret, shortened(secret)), text);
  /** @param {unknown} value @returns {unknown} */
  const deep = (value) => {
    if (typeof value === 'string') return hide(value);
    if (Array.isArray(value)) return value.map(deep);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, deep(each)]));
  };
  return /** @type {Request} */ (deep(request));
}

/**
 * Begin and end of a token; of a password, which may be short, nothing at all.
 * @param {string} secret
 */
export function shortened(secret) {
  return secret.length < 32 ? '…' : `${secret.slice(0, 4)}…${secret.slice(-4)}`;
}

/**
 * For a shell of the Bourne family.
 * @param {Request} request
 * @returns {string}
 */
export function curl(request) {
  const { method, body } = request;
  const words = ['curl'];
  if (request.stream) words.push('-N');
  if (/[[\]{}]/.test(request.url)) words.push('-g');
  if (method === 'HEAD') words.push('-I');
  else if (method !== (body ? 'POST' : 'GET')) words.push(`-X ${method}`);
  words.push(shellWord(request.url));
  const lines = [words.join(' ')];
  if (request.basic) lines.push(`-u ${shellWord(request.basic.join(':'))}`);
  for (const [name, value] of request.headers ?? []) {
    lines.push(`-H ${shellWord(value === '' ? `${name};` : `${name}: ${value}`)}`);
  }
  if (body?.kind === 'json') {
    lines.push(`-H ${shellWord(`Content-Type: ${JSON_TYPE}`)}`, `--data-raw ${shellWord(JSON.stringify(body.value))}`);
  } else if (body && (body.fields.length === 0 || body.fields.some(([, value]) => value.includes('\0')))) {
    lines.push(`--data-raw ${shellWord(bodyText(body) ?? '')}`);
  } else if (body) {
    for (const [name, value] of body.fields) lines.push(`--data-urlencode ${shellWord(`${encoded(name)}=${value}`)}`);
  }
  return lines.join(' \\\n  ');
}

/**
 * With `requests`.
 * @param {Request} request
 * @returns {string}
 */
export function python(request) {
  const { body } = request;
  const parts = [pythonString(request.url)];
  const headers = request.headers ?? [];
  if (request.basic) parts.push(`auth=(${request.basic.map(pythonBytes).join(', ')})`);
  if (headers.length) parts.push(`headers=${pythonPairs(headers, 4)}`);
  if (body?.kind === 'json') parts.push(`json=${pythonValue(body.value, 4)}`);
  else if (body?.fields.length) parts.push(`data=${pythonPairs(body.fields, 4)}`);
  parts.push(request.stream ? 'stream=True' : 'timeout=30');
  const call = `requests.${request.method.toLowerCase()}(\n    ${parts.join(',\n    ')},\n)`;
  const lines = ['import requests', ''];
  if (request.stream) {
    lines.push(`with ${call} as answer:`, '    answer.raise_for_status()', '    answer.encoding = "utf-8"');
    lines.push('    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):', '        print(line)');
  } else lines.push(`answer = ${call}`, 'print(answer.status_code)', 'print(answer.text)');
  return `${lines.join('\n')}\n`;
}

/**
 * With `fetch`: in browsers, Node, Deno and Bun, as a module.
 * @param {Request} request
 * @returns {string}
 */
export function javascript(request) {
  const { body } = request;
  const parts = [];
  if (request.method !== 'GET') parts.push(`method: ${scriptString(request.method)}`);
  const headers = (request.headers ?? []).map(([name, value]) => `${scriptKey(name)}: ${scriptString(value)}`);
  if (request.basic) {
    headers.unshift(`Authorization: "Basic " + btoa(${scriptString(utf8Binary(request.basic.join(':')))})`);
  }
  if (body?.kind === 'json') headers.push(`"Content-Type": ${scriptString(JSON_TYPE)}`);
  if (headers.length) parts.push(`headers: ${block('{', headers, '}', 2)}`);
  if (body?.kind === 'json') parts.push(`body: JSON.stringify(${scriptValue(body.value, 2)})`);
  else if (body) parts.push(`body: new URLSearchParams(${scriptPairs(body.fields)})`);
  const options = parts.length ? `, {\n  ${parts.join(',\n  ')},\n}` : '';
  const lines = [`const answer = await fetch(${scriptString(request.url)}${options});`, 'console.log(answer.status);'];
  if (request.stream) {
    lines.push('const lines = answer.body.pipeThrough(new TextDecoderStream());');
    lines.push('for await (const text of lines) console.log(text);');
  } else lines.push('console.log(await answer.text());');
  return `${lines.join('\n')}\n`;
}

/**
 * With `net/http`: a whole program.
 * @param {Request} request
 * @returns {string}
 */
export function go(request) {
  const { body } = request;
  const text = bodyText(body);
  const form = body?.kind === 'form' && body.fields.length > 0;
  const imports = ['"fmt"', '"log"', '"net/http"'];
  if (request.stream) imports.unshift('"bufio"');
  else imports.splice(1, 0, '"io"');
  if (form) imports.push('"net/url"', '"strings"');
  else if (text) imports.push('"strings"');
  const lines = ['package main', '', 'import (', ...imports.map((name) => `\t${name}`), ')', '', 'func main() {'];
  if (form && body?.kind === 'form') {
    lines.push('\tform := url.Values{}');
    for (const [name, value] of body.fields) lines.push(`\tform.Add(${goString(name)}, ${goString(value)})`);
  }
  const reader = form ? 'strings.NewReader(form.Encode())' : text ? `strings.NewReader(${goString(text)})` : 'nil';
  lines.push(`\trequest, err := http.NewRequest(${goString(request.method)}, ${goString(request.url)}, ${reader})`);
  lines.push('\tif err != nil {', '\t\tlog.Fatal(err)', '\t}');
  if (request.basic) lines.push(`\trequest.SetBasicAuth(${request.basic.map(goString).join(', ')})`);
  for (const [name, value] of allHeaders({ ...request, basic: undefined })) {
    lines.push(`\trequest.Header.Set(${goString(name)}, ${goString(value)})`);
  }
  lines.push('\tanswer, err := http.DefaultClient.Do(request)', '\tif err != nil {', '\t\tlog.Fatal(err)', '\t}');
  lines.push('\tdefer answer.Body.Close()', '\tfmt.Println(answer.Status)');
  if (request.stream) {
    lines.push('\tlines := bufio.NewScanner(answer.Body)', '\tfor lines.Scan() {', '\t\tfmt.Println(lines.Text())', '\t}');
  } else {
    lines.push('\ttext, err := io.ReadAll(answer.Body)', '\tif err != nil {', '\t\tlog.Fatal(err)', '\t}');
    lines.push('\tfmt.Println(string(text))');
  }
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

// Literals

/**
 * One word of a shell. Nothing is special between single quotes but the single quote.
 * @param {string} text
 */
export function shellWord(text) {
  return `'${wellFormed(text).replaceAll('\0', '').replaceAll("'", "'\\''")}'`;
}

/** @param {string} text */
export function pythonString(text) {
  return quoted(text);
}

/** A text that `requests` sends as UTF-8, where it would say Latin-1. @param {string} text */
function pythonBytes(text) {
  return /^[\x20-\x7e]*$/.test(text) ? pythonString(text) : `${pythonString(text)}.encode()`;
}

/** @param {string} text */
export function scriptString(text) {
  return quoted(text);
}

/**
 * Between back quotes where that is shorter and nothing in it forbids it.
 * @param {string} text
 */
export function goString(text) {
  const plain = quoted(text);
  const raw = wellFormed(text);
  const backQuotes = /["\\]/.test(raw) && !/[\u0000-\u001f`]/.test(raw) && raw.search(UNSEEN) < 0;
  return backQuotes ? `\`${raw}\`` : plain;
}

/**
 * @param {unknown} value
 * @param {number} [indent] of the line it begins on
 * @returns {string}
 */
export function pythonValue(value, indent = 0) {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return pythonString(value);
  if (Array.isArray(value)) return block('[', value.map((each) => pythonValue(each, indent + 4)), ']', indent, 4);
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value).map(([name, each]) => `${pythonString(name)}: ${pythonValue(each, indent + 4)}`);
  return block('{', members, '}', indent, 4);
}

/**
 * @param {unknown} value
 * @param {number} [indent] of the line it begins on
 * @returns {string}
 */
export function scriptValue(value, indent = 0) {
  if (typeof value === 'string') return scriptString(value);
  if (Array.isArray(value)) return block('[', value.map((each) => scriptValue(each, indent + 2)), ']', indent);
  if (value === null || typeof value !== 'object') return String(value ?? null);
  const members = Object.entries(value).map(([name, each]) => `${scriptKey(name)}: ${scriptValue(each, indent + 2)}`);
  return block('{', members, '}', indent);
}

/** A plain `__proto__` in a literal would set the prototype. @param {string} name */
function scriptKey(name) {
  if (name === '__proto__') return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : scriptString(name);
}

/** @param {[string, string][]} pairs @param {number} indent */
function pythonPairs(pairs, indent) {
  if (repeated(pairs)) {
    const tuples = pairs.map(([name, value]) => `(${pythonString(name)}, ${pythonString(value)})`);
    return block('[', tuples, ']', indent, 4);
  }
  return block('{', pairs.map(([name, value]) => `${pythonString(name)}: ${pythonString(value)}`), '}', indent, 4);
}

/** @param {[string, string][]} pairs */
function scriptPairs(pairs) {
  if (repeated(pairs)) {
    return block('[', pairs.map(([name, value]) => `[${scriptString(name)}, ${scriptString(value)}]`), ']', 2);
  }
  return block('{', pairs.map(([name, value]) => `${scriptKey(name)}: ${scriptString(value)}`), '}', 2);
}

/** @param {[string, string][]} pairs */
function repeated(pairs) {
  return new Set(pairs.map(([name]) => name)).size < pairs.length;
}

/**
 * On one line where it fits, otherwise one member a line.
 * @param {string} open @param {string[]} members @param {string} close @param {number} indent @param {number} [step]
 */
function block(open, members, close, indent, step = 2) {
  const pad = open === '{' && step === 2 && members.length ? ' ' : '';
  const line = `${open}${pad}${members.join(', ')}${pad}${close}`;
  if (!members.length || (line.length + indent < WIDTH - 24 && !line.includes('\n'))) return line;
  const inner = ' '.repeat(indent + step);
  return `${open}\n${members.map((member) => `${inner}${member},\n`).join('')}${' '.repeat(indent)}${close}`;
}

/** A text between double quotes, as JSON, Python, JavaScript and Go all read it. @param {string} text */
function quoted(text) {
  return JSON.stringify(wellFormed(text)).replace(UNSEEN, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** @param {string} text */
function wellFormed(text) {
  return text.replace(SURROGATES, (found) => (found.length === 2 ? found : '\ufffd'));
}

/** @param {string} text */
function encoded(text) {
  return encodeURIComponent(wellFormed(text)).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** UTF-8 as a text of bytes, which is what `btoa` takes. @param {string} text */
function utf8Binary(text) {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** @param {string} text */
function base64(text) {
  return btoa(utf8Binary(text));
}
