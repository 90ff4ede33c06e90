import { useLoad } from '../../api/rest.js';

/** @typedef {{id: number, name: string}} Platform */

/**
 * The kinds of boards that have a platform number, as the server knows them.
 * @returns {Platform[]}
 */
export function usePlatforms() {
  const load = useLoad(async (api) => (await api.own('GET', 'boards')).particle, []);
  return load.data ?? [];
}

/**
 * How people call a platform number.
 * @param {Platform[]} platforms
 * @param {number} id
 */
export function platformName(platforms, id) {
  return platforms.find((platform) => platform.id === id)?.name ?? String(id);
}
