import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentence } from '../../../src/rookery/console/static/api/sentence.js';

test('each API refuses in its own words, and people read one sentence', () => {
  for (const [status, body, said] of [
    [404, { id: 'x', code: 'not_found', status: 404, detail: 'thing not found' }, 'thing not found.'],
    [403, { error: 'invalid_grant', error_description: 'User credentials are invalid' }, 'User credentials are invalid.'],
    [408, { ok: false, error: 'Timed out.' }, 'Timed out.'],
    [400, { ok: false, errors: ['Bad name', 'Bad data'] }, 'Bad name Bad data.'],
    [400, { ok: false, errors: [{ message: 'Bad name' }] }, 'Bad name.'],
    [404, { error: 'device_not_found', info: 'No such device' }, 'No such device.'],
    [409, { error: 'name_taken', message: 'Another board has this name.', field: 'name' }, 'Another board has this name.'],
  ]) {
    assert.equal(sentence(status, body), said);
  }
});

test('an answer without words gets ours', () => {
  assert.match(sentence(404, null), /does not exist/);
  assert.match(sentence(503, '<html>'), /busy/);
  assert.match(sentence(403, { error: 'forbidden' }), /not allowed/);
  assert.match(sentence(418, {}), /418/);
});

test('no answer fills the page', () => {
  assert.equal(sentence(400, { message: 'x'.repeat(9_000) }).length, 601);
});
