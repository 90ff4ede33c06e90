import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wallSeconds, wallText, wallTime } from '../../../src/rookery/console/static/ui/wall-time.js';

const NEW_YEAR = 1767250800; // 2026-01-01 07:00 on the wall

test('a time is shown as the clock of the thing has it', () => {
  assert.match(wallTime(NEW_YEAR), /2026.*7:00/);
  assert.equal(wallText(NEW_YEAR), '2026-01-01 07:00:00');
  assert.equal(wallTime(1e20), '100000000000000000000');
  assert.equal(wallText(1e20), '100000000000000000000');
});

test('what people type is seconds, or nothing', () => {
  for (const [text, seconds] of [
    ['2026-01-01 07:00', NEW_YEAR],
    [' 2026-01-01T07:00:05 ', NEW_YEAR + 5],
    [String(NEW_YEAR), NEW_YEAR],
    ['2024-02-29 00:00', 1709164800],
    ['2026-02-30 07:00', undefined],
    ['2026-13-01 07:00', undefined],
    ['2026-01-01 24:00', undefined],
    ['2026-01-01 07:60', undefined],
    ['tomorrow', undefined],
    ['', undefined],
    ['-1', undefined],
  ]) {
    assert.equal(wallSeconds(text), seconds, text);
  }
});
