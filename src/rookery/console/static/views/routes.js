/** Every page: its address below /console, its module in this folder, and its place in the rail. */

/** @typedef {object} RouteEntry
 * @property {string} path pattern; `:name` is a part, `:name?` one that may lack
 * @property {string} view module of this folder, without .js
 * @property {string} [rail] its word in the rail
 * @property {string} [icon] its icon there
 * @property {number} [group] entries of one number stand together
 * @property {boolean} [bar] in the bottom bar of a phone; the others are behind "More"
 * @property {boolean} [open] can be seen without signing in
 * @property {boolean} [bare] without rail and page frame
 * @property {string} [place] the rail's word that is current on this page
 * @property {string} [hint] what the palette says about it
 */

/** @type {RouteEntry[]} */
export const ROUTES = [
  { path: '/', view: 'home', rail: 'Home', icon: 'house', group: 0, bar: true, hint: 'What is going on' },
  { path: '/devices', view: 'devices', rail: 'Devices', icon: 'cpu', group: 0, bar: true, hint: 'All boards' },
  { path: '/devices/:id/:tab?', view: 'device', place: 'Devices' },
  { path: '/connect/:id?', view: 'connect', place: 'Devices' },
  { path: '/things', view: 'things', rail: 'Things', icon: 'layers', group: 0, hint: 'Variables of boards' },
  { path: '/things/:id/:tab?', view: 'thing', place: 'Things' },
  {
    path: '/dashboards',
    view: 'dashboards',
    rail: 'Dashboards',
    icon: 'layout-dashboard',
    group: 0,
    bar: true,
    hint: 'Widgets and charts',
  },
  { path: '/dashboards/:id/:tab?', view: 'dashboard', place: 'Dashboards' },
  { path: '/events', view: 'events', rail: 'Events', icon: 'radio', group: 0, bar: true, hint: 'The stream of events' },
  { path: '/products', view: 'products', rail: 'Products', icon: 'package', group: 1, hint: 'Fleets of one kind' },
  { path: '/products/:id/:tab?', view: 'product', place: 'Products' },
  {
    path: '/integrations',
    view: 'integrations',
    rail: 'Integrations',
    icon: 'webhook',
    group: 1,
    hint: 'Webhooks and their deliveries',
  },
  { path: '/integrations/:id/:tab?', view: 'integration', place: 'Integrations' },
  { path: '/keys/:tab?', view: 'keys', rail: 'Keys', icon: 'key-round', group: 2, hint: 'API keys and access tokens' },
  { path: '/settings/:tab?', view: 'settings', rail: 'Settings', icon: 'settings', group: 2, hint: 'Server and account' },
  {
    path: '/tutorial/:track?/:step?',
    view: 'tutorial',
    rail: 'Tutorial',
    icon: 'book-open',
    group: 2,
    hint: 'The API, live on this server',
  },
  { path: '/ui', view: 'ui', open: true },
  { path: '/welcome/:step?', view: 'welcome', bare: true },
  { path: '/sign-in', view: 'sign-in', open: true, bare: true },
  { path: '/start/:token', view: 'start', open: true, bare: true },
  { path: '/shared/:token', view: 'shared', open: true, bare: true },
];
