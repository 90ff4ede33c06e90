export default {
  title: 'Search or go to',
  pages: 'Pages',
  actions: 'Actions',
  devices: 'Devices',
  things: 'Things',
  dashboards: 'Dashboards',
  connect: 'Connect a board',
  patterns: 'Pattern page',
  theme: (/** @type {string} */ name) => `Theme: ${name.toLowerCase()}`,
  looking: 'Looking…',
  keys: '↑ ↓ to choose, Enter to go',
  nothing: (/** @type {string} */ asked) => `Nothing is called “${asked}”.`,
};
