// Loaded before a script (`node --require`): makes this machine know every name under `localhost`, as RFC 6761 §6.3 asks
// of it and as many machines already do. It changes the machine, not the client.
'use strict';

const dns = require('node:dns');

const { lookup } = dns;

dns.lookup = (name, options, done) => {
  if (typeof options === 'function') [options, done] = [{}, options];
  if (name !== 'localhost' && !name.endsWith('.localhost')) return lookup(name, options, done);
  const found = { address: '127.0.0.1', family: 4 };
  if (options.all) return process.nextTick(done, null, [found]);
  return process.nextTick(done, null, found.address, found.family);
};
