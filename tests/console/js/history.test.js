import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOf, series } from '../../../src/rookery/console/static/ui/history.js';

const HOUR = 3_600_000;
const iso = (ms) => new Date(ms).toISOString();

/** A server with `count` values a second apart, and what it was asked. */
function server(count, value = (at) => at) {
  const asked = [];
  const call = async (path, body) => {
    asked.push([path, body]);
    return {
      responses: body.requests.map((request) => {
        if (request.q === 'property.gone')
          return { status: 'error', message: 'There is no such property.', times: [], values: [] };
        const all = Array.from({ length: count }, (_, at) => at);
        if (path.endsWith('_raw')) {
          const newest = all.reverse().slice(0, request.series_limit);
          return { status: 'ok', times: newest.map((at) => iso(at * 1000)), values: newest.map(value) };
        }
        const bins = all.filter((at) => at % request.interval === 0);
        const more = { AVG: 0, MIN: -1, MAX: 1 }[request.aggregation];
        return { status: 'ok', times: bins.map((at) => iso(at * 1000)), values: bins.map((at) => at + more) };
      }),
    };
  };
  return { call, asked };
}

test('few values are shown as they were stored, oldest first', async () => {
  const { call, asked } = server(3);
  const found = await series('p', { from: 0, to: HOUR, call });
  assert.deepEqual(found, {
    points: [
      [0, 0],
      [1000, 1],
      [2000, 2],
    ],
  });
  assert.deepEqual(asked, [
    [
      '/v2/series/batch_query_raw',
      {
        resp_version: 1,
        requests: [{ q: 'property.p', from: iso(0), to: iso(HOUR), sort: 'DESC', series_limit: 800 }],
      },
    ],
  ]);
});

test('many come as bins with a band, in the middle of each', async () => {
  const { call, asked } = server(3600);
  const { band } = await series('p', { from: 0, to: HOUR, points: 360, call });
  assert.deepEqual(band.slice(0, 2), [
    [5000, -1, 0, 1],
    [15000, 9, 10, 11],
  ]);
  assert.equal(band.length, 360);
  assert.deepEqual(
    asked.map(([path, body]) => [path, body.requests.length]),
    [
      ['/v2/series/batch_query_raw', 1],
      ['/v2/series/batch_query', 3],
    ],
  );
});

test('what is asked together goes out together, and each gets its own answer', async () => {
  const { call, asked } = server(2);
  const many = await Promise.allSettled(['a', 'gone', 'b'].map((id) => series(id, { from: 0, to: HOUR, call })));
  assert.equal(asked.length, 1);
  assert.deepEqual(
    many.map((each) => each.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.match(many[1].reason.message, /no such property/);
});

test('a call that fails fails for all, and one that was given up is not made', async () => {
  const broken = async () => {
    throw new Error('The server does not answer.');
  };
  await assert.rejects(series('p', { from: 0, to: HOUR, call: broken }), /does not answer/);
  const { call, asked } = server(2);
  const stop = new AbortController();
  const promise = series('p', { from: 0, to: HOUR, signal: stop.signal, call });
  stop.abort();
  await assert.rejects(promise);
  assert.deepEqual(asked, []);
});

test('switches are 0 and 1, texts are gaps, and a switch that rests has none', async () => {
  assert.deepEqual([true, false, 'x', NaN, 2].map(numberOf), [1, 0, null, null, 2]);
  const call = async () => ({
    responses: [{ status: 'ok', times: [90, 3, 2, 1].map((s) => iso(s * 60_000)), values: [true, false, true, false] }],
  });
  assert.deepEqual((await series('p', { from: 0, to: HOUR * 2, held: true, call })).points, [
    [60_000, 0],
    [120_000, 1],
    [180_000, 0],
    [5_400_000, 1],
  ]);
  assert.equal((await series('p', { from: 0, to: HOUR * 2, call })).points.length, 5);
});
