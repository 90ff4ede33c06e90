/** A small picture of a dashboard, drawn from its layout: what it is recognised by in the list. */
import { html } from '../html.js';
import { Icon } from '../ui/icon.js';
import { kindOf } from '../widgets/registry.js';
import { DESKTOP } from './geometry.js';
import { tabsOf, widgetsOf } from './document.js';

/** Units of the picture: a column is 10 wide, a row nearly as high as on the board. */
const COLUMN = 10;
const ROW = 11.5;
const WIDTH = DESKTOP.columns * COLUMN;
const HEIGHT = 132;
const INSET = 2;

/** @param {{doc: import('./document.js').Doc}} props */
export function Picture({ doc }) {
  const first = tabsOf(doc, '').find((page) => widgetsOf(doc, page.id).length > 0);
  const widgets = first ? widgetsOf(doc, first.id).filter((widget) => widget.desktop.y * ROW < HEIGHT) : [];
  return html`<svg class="dbs-picture" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" preserveAspectRatio="xMidYMin slice">
    ${widgets.map((widget, at) => {
      const { x, y, w, h } = widget.desktop;
      const box = { x: x * COLUMN + INSET, y: y * ROW + INSET, w: Math.max(4, w * COLUMN - 2 * INSET), h: Math.max(4, h * ROW - 2 * INSET) };
      const kind = kindOf(widget.type);
      const size = Math.min(14, box.w - 6, box.h - 6);
      return html`<g key=${widget.id}>
        <rect class="dbs-box" x=${box.x} y=${box.y} width=${box.w} height=${box.h} rx="2.5" />
        ${/chart/i.test(kind.kind)
          ? html`<polyline class="dbs-curve" points=${curve(box, at)} />`
          : size > 5
            ? html`<svg class="dbs-glyph" x=${box.x + (box.w - size) / 2} y=${box.y + (box.h - size) / 2} width=${size} height=${size} viewBox="0 0 16 16">
                <${Icon} name=${kind.icon} size=${16} />
              </svg>`
            : null}
      </g>`;
    })}
  </svg>`;
}

/** A line as a chart has it; the same for the same place. @param {{x: number, y: number, w: number, h: number}} box @param {number} seed */
function curve({ x, y, w, h }, seed) {
  const points = [];
  for (let step = 0; step <= 12; step++) {
    const wave = Math.sin(step * 0.9 + seed * 1.7) * 0.5 + Math.sin(step * 2.1 + seed) * 0.2;
    points.push(`${(x + 4 + ((w - 8) * step) / 12).toFixed(1)},${(y + h / 2 - wave * h * 0.32).toFixed(1)}`);
  }
  return points.join(' ');
}
