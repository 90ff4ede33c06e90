// Runs before anything is drawn: applies the chosen theme (ui/theme.js changes it), asks who is signed in while the
// modules are still on their way, and on the most common first page fetches that, too.
try {
  document.documentElement.dataset.theme = localStorage.getItem('rookery.theme') || 'auto';
} catch {
  document.documentElement.dataset.theme = 'auto';
}
globalThis.rookery = { session: fetch('/console/api/session', { headers: { Accept: 'application/json' } }) };
globalThis.rookery.session.catch(() => {});
if (/^\/console\/?$/.test(location.pathname)) {
  for (const [rel, path] of [
    ['modulepreload', 'views/home.js'],
    ['modulepreload', 'api/rest.js'],
    ['modulepreload', 'api/sentence.js'],
    ['modulepreload', 'style.js'],
    ['modulepreload', 'ui/text.js'],
    ['modulepreload', 'ui/copy.js'],
    ['modulepreload', 'ui/wall-time.js'],
    ['modulepreload', 'views/parts/home-empty.js'],
    ['modulepreload', 'views/parts/home-scale.js'],
    ['modulepreload', 'views/parts/home-trend.js'],
    ['modulepreload', 'strings/home.js'],
    ['preload', 'styles/home.css'],
  ]) {
    const link = document.createElement('link');
    link.rel = rel;
    if (rel === 'preload') link.as = 'style';
    link.href = new URL(path, document.currentScript.src).href;
    document.head.append(link);
  }
}
