// Applies the chosen theme before the first paint; ui/theme.js changes it.
try {
  document.documentElement.dataset.theme = localStorage.getItem('rookery.theme') || 'auto';
} catch {
  document.documentElement.dataset.theme = 'auto';
}
