/** An amount of bytes in the unit that suits it: `1.8 MB`. @param {number} n */
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  const unit = Math.min(4, Math.floor(Math.log10(n) / 3));
  const scaled = n / 1000 ** unit;
  return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}
