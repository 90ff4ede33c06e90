const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/**
 * An amount of bytes as people read it.
 * @param {number} amount
 */
export function bytes(amount) {
  let unit = 0;
  while (amount >= 1_000 && unit < UNITS.length - 1) {
    amount /= 1_000;
    unit += 1;
  }
  return `${amount.toLocaleString(undefined, { maximumFractionDigits: unit && amount < 10 ? 1 : 0 })} ${UNITS[unit]}`;
}
