/** Where webhooks live: a person, each product, each organisation. */
import t from '../../strings/integrations.js';
import { pathOf } from './integration-model.js';

/** @typedef {{id: string, label: string}} Place */
/** @typedef {{id: string, name: string, event: string, url: string, requestType: string, disabled: boolean, place: string, placeName: string}} Listed */

/** Products that are asked for their webhooks; each is a request. */
const MOST = 40;

/** @type {Place} */
export const everyPlace = { id: '', label: t.mine };

/** @param {import('../../api/rest.js').Api} api @returns {Promise<Place[]>} */
export async function loadPlaces(api) {
  const [products, orgs] = await Promise.all([api.v1('GET', '/v1/products'), api.v1('GET', '/v1/orgs')]);
  return [
    everyPlace,
    ...(products.products ?? []).slice(0, MOST).map((/** @type {any} */ each) => ({ id: `product:${each.id}`, label: t.product(each.name) })),
    ...(orgs.organizations ?? []).map((/** @type {any} */ each) => ({ id: `org:${each.slug ?? each.id}`, label: t.organisation(each.name) })),
  ];
}

/**
 * Everything that may be seen. A product whose webhooks this person may not see has none here.
 * @param {import('../../api/rest.js').Api} api
 * @returns {Promise<{places: Place[], integrations: Listed[]}>}
 */
export async function loadAll(api) {
  const places = await loadPlaces(api);
  const lists = await Promise.all(
    places.map(async (place) => {
      try {
        return (await api.v1('GET', pathOf(place.id))).map((/** @type {any} */ each) => ({ ...each, place: place.id, placeName: place.label }));
      } catch (error) {
        if (place.id && /** @type {any} */ (error).status === 403) return [];
        throw error;
      }
    }),
  );
  return { places, integrations: lists.flat() };
}
