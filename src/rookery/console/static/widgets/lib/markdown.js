/**
 * From the tokens of a Markdown lexer to a small tree of elements that can not do anything. Pure.
 *
 * Only the elements named here come out, with `href` as the only attribute a note can set, and only to addresses that
 * open a page or a letter. HTML in a note is text; a picture is a link to itself.
 */

/** @typedef {{tag: string, attrs?: Record<string, any>, children: Node[]} | string} Node */
/** @typedef {any} Token of marked's lexer */

/** Nesting beyond this is drawn as text: each level costs a stack frame here and a box on the screen. */
const DEEPEST = 24;
/** Characters of a note; the rest is left out. Lexers are quick, layout of a book in a tile is not. */
export const LONGEST = 100_000;

/**
 * An address that a note may link to, null when it may not.
 * @param {string} text
 * @returns {string|null}
 */
export function safeHref(text) {
  const trimmed = String(text ?? '').trim();
  if (/^(?:https?:\/\/|mailto:)/i.test(trimmed)) return trimmed;
  if (/^\/console\/[^\\]*$/.test(trimmed)) return trimmed;
  return null;
}

/**
 * @param {Token[]} tokens
 * @param {number} [depth]
 * @returns {Node[]}
 */
export function tree(tokens, depth = 0) {
  return (tokens ?? []).flatMap((token) => {
    const node = one(token, depth);
    return node === null ? [] : Array.isArray(node) ? node : [node];
  });
}

/** @param {Token} token @param {number} depth @returns {Node|Node[]|null} */
function one(token, depth) {
  if (depth > DEEPEST) return plain(token);
  /** @param {Token[]} [tokens] */
  const inner = (tokens = token.tokens) => tree(tokens, depth + 1);
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    // One level for all: a note stands below a title of the page, whatever order its author chose.
    case 'heading':
      return { tag: 'h2', attrs: { class: `w-note-h${Math.min(token.depth, 4)}` }, children: inner() };
    case 'paragraph':
      return { tag: 'p', children: inner() };
    case 'blockquote':
      return { tag: 'blockquote', children: inner() };
    case 'code':
      return { tag: 'pre', children: [{ tag: 'code', children: [token.text] }] };
    case 'hr':
      return { tag: 'hr', children: [] };
    case 'list':
      return {
        tag: token.ordered ? 'ol' : 'ul',
        attrs: token.ordered && Number.isSafeInteger(token.start) && token.start !== 1 ? { start: token.start } : {},
        children: token.items.map((/** @type {Token} */ item) => listItem(item, depth + 1)),
      };
    case 'checkbox':
      return null;
    case 'table':
      return table(token, depth + 1);
    case 'strong':
      return { tag: 'strong', children: inner() };
    case 'em':
      return { tag: 'em', children: inner() };
    case 'del':
      return { tag: 'del', children: inner() };
    case 'codespan':
      return { tag: 'code', children: [token.text] };
    case 'br':
      return { tag: 'br', children: [] };
    case 'link':
      return link(token.href, inner());
    case 'image':
      return link(token.href, [token.text || token.href]);
    case 'text':
      return token.tokens ? inner() : plain(token);
    default:
      return plain(token);
  }
}

/** @param {Token} token @returns {string} */
const plain = (token) =>
  String((token.type === 'text' || token.type === 'escape' ? token.text : null) ?? token.raw ?? token.text ?? '');

/** @param {string} href @param {Node[]} children @returns {Node|Node[]} */
function link(href, children) {
  const safe = safeHref(href);
  if (safe === null) return children;
  const inside = safe.startsWith('/');
  return {
    tag: 'a',
    attrs: inside ? { href: safe } : { href: safe, target: '_blank', rel: 'noopener noreferrer' },
    children,
  };
}

/** @param {Token} item @param {number} depth @returns {Node} */
function listItem(item, depth) {
  const children = tree(
    (item.tokens ?? []).filter((/** @type {Token} */ token) => token.type !== 'checkbox'),
    depth,
  );
  if (!item.task) return { tag: 'li', children };
  return { tag: 'li', attrs: { class: 'w-note-task' }, children: [boxOf(item.checked, item.text), ...children] };
}

/** @param {any} checked @param {any} label @returns {Node} */
function boxOf(checked, label) {
  const attrs = {
    type: 'checkbox',
    checked: Boolean(checked),
    disabled: true,
    'aria-label': String(label ?? '').replace(/^\[.\]\s*/, ''),
  };
  return { tag: 'input', attrs, children: [] };
}

/** @param {Token} token @param {number} depth @returns {Node} */
function table(token, depth) {
  /** @param {Token} cell @param {string} tag */
  const cell = (cell, tag) => ({
    tag,
    attrs: cell.align ? { style: { textAlign: cell.align } } : {},
    children: tree(cell.tokens, depth),
  });
  return {
    tag: 'table',
    children: [
      {
        tag: 'thead',
        children: [{ tag: 'tr', children: token.header.map((/** @type {Token} */ one) => cell(one, 'th')) }],
      },
      {
        tag: 'tbody',
        children: token.rows.map((/** @type {Token[]} */ row) => ({
          tag: 'tr',
          children: row.map((one) => cell(one, 'td')),
        })),
      },
    ],
  };
}
