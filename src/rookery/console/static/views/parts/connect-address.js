/** Under which name and port boards reach this server. */

/** @typedef {{url: string, secure_url: string, ports: Record<string, number|number[]|null|undefined>, hosts?: string[]}} ServerFacts */

/** Ports where a listener is not there, or not told: what boards dial by themselves. @type {Record<string, number>} */
const USUAL = { mqtts: 8884, mqtts_cert: 8885, https: 8443, http: 8080, particle_tcp: 5683, particle_udp: 5684 };

/** @param {string} host */
export const isLoopback = (host) => /^(localhost$|127\.|\[?::1\]?$|0\.0\.0\.0$)/.test(host);

/**
 * The name to write into boards: the first that the server was given; else the one in the browser's address, which
 * leads here at least from this machine.
 * @param {ServerFacts} server
 * @param {string} [browser]
 */
export function hostOf(server, browser = location.hostname) {
  return server.hosts?.[0] ?? browser;
}

/**
 * All names to choose from.
 * @param {ServerFacts} server
 * @param {string} [browser]
 */
export const hostsOf = (server, browser = location.hostname) => [...new Set([...(server.hosts ?? []), browser])];

/**
 * The address of this machine that boards of its network find, for who looks at the console on the machine itself: the
 * name in that browser's address would lead a board to itself.
 * @param {string[]} known names and addresses of the machine
 */
export const addressForBoards = (known) => known.find((each) => /^\d+(\.\d+){3}$/.test(each) && !isLoopback(each));

/**
 * The first port of a listener, by the beginning of its setting's name.
 * @param {ServerFacts['ports']} ports
 * @param {string} listener
 */
export function portOf(ports, listener) {
  const found = ports[`${listener}_port`] ?? ports[`${listener}_ports`] ?? ports[listener];
  return (Array.isArray(found) ? found[0] : found) ?? USUAL[listener];
}

/**
 * Whether this listener is on.
 * @param {ServerFacts['ports']} ports
 * @param {string} listener
 */
export function isOn(ports, listener) {
  const found = ports[`${listener}_port`] ?? ports[`${listener}_ports`] ?? ports[listener];
  return Array.isArray(found) ? found.length > 0 : typeof found === 'number';
}
