/** Texts of the page that shows all widgets. */
export default {
  plain: 'As it is',
  readOnly: 'Read only',
  none: 'Without a value',
  odd: 'Wrong type',
  pending: 'Pending',
  late: 'Not confirmed',
  offline: 'Offline',
  smallest: 'Smallest',
  huge: 'Huge',
};
