/** Words for bringing a thing and a board together, from either side. */
export const t = {
  thingTitle: 'Attach a thing',
  thingLine: 'A thing holds the variables that the board sends. A board feeds one thing.',
  which: 'Thing', fresh: 'A new thing', existing: 'One that is there', name: 'Name of the new thing',
  nameHint: 'Letters, digits, blanks and . _ -', nameBad: 'Letters, digits, blanks and . _ - only, up to 64 of them.',
  choose: 'Choose a thing', chooseBoard: 'Choose a board', attach: 'Attach', done: 'Attached.',
  none: 'There is no thing yet.', noBoards: 'There is no board yet. Connect one first.', connect: 'Connect a board',
  taken: (/** @type {string} */ name) => `fed by ${name}`,
  feeds: (/** @type {string} */ name) => `feeds ${name}`,
  moves: (/** @type {string} */ board) => `It is fed by ${board} now, which will have no thing then.`,
  movesBoard: (/** @type {string} */ thing) => `It feeds ${thing} now, which will have no board then.`,
  boardTitle: 'Attach a board', boardLine: 'The board sends the variables of this thing, and takes what is written to them.', board: 'Board',
  search: 'Search boards',
};
export default t;
