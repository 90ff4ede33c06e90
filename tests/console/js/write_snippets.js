/** Reads requests as JSON from standard input; writes them in every language. */
import { readFileSync } from 'node:fs';
import { curl, go, javascript, python } from '../../../src/rookery/console/static/tutorial/snippets.js';

const requests = JSON.parse(readFileSync(0, 'utf8'));
const written = requests.map((/** @type {any} */ each) => ({
  curl: curl(each),
  python: python(each),
  javascript: javascript(each),
  go: go(each),
}));
console.log(JSON.stringify(written));
