/** Words of a dashboard behind a link. */
export const t = {
  title: 'Shared dashboard',
  product: 'Rookery',
  by: 'Rookery',
  lost: 'No connection. Trying again…',
  ended: {
    title: 'This link does not work any more',
    sentence: 'It was revoked, its time is over, or it was not copied whole. Ask whoever sent it for a new one.',
  },
};
export default t;
