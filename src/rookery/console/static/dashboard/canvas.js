/** The board in the editor: the same tiles, at rest, with handles. */
import { html, useMemo } from '../html.js';
import { Button, Empty } from '../ui/index.js';
import { kindOf } from '../widgets/registry.js';
import { boardHeight, floating } from './board.js';
import { widgetsOf } from './document.js';
import { Tile } from './frame.js';
import { useGestures } from './gestures.js';
import { boundsOf, titleOf } from './kinds.js';
import t from '../strings/dashboard.js';

/** @typedef {import('./geometry.js').Box} Box */
/** @typedef {import('./document.js').Widget} Widget */

/**
 * @param {{work: import('./work.js').Work, from: any, range: any, setRange: any, onAdd: () => void, onOpen: () => void}} props
 */
export function Canvas({ work, from, range, setRange, onAdd, onOpen }) {
  const { gesture, board, onPointerDown } = useGestures({
    boxes: () => work.boxes.peek(),
    field: work.field,
    selected: work.selected,
    onCommit: (boxes, _, kind) => {
      work.arrange(boxes);
      work.tell(boxes, kind === 'resize' ? 'resize' : 'move');
    },
  });
  const phone = work.onPhone.value;
  const hand = gesture.value;
  const boxes = work.boxes.value;
  const shown = hand?.boxes ?? boxes;
  const widgets = widgetsOf(work.now.value, work.page.value);
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const target = new Map(shown.map((box) => [box.id, box]));
  const dragging = hand && hand.kind === 'move' ? hand : null;
  const height = boardHeight([...shown, ...boxes, { id: '', x: 0, y: 0, w: 1, h: 4 }]);
  return html`<div class=${`db-canvas${phone ? ' db-canvas-phone' : ''}${hand ? ' db-busy' : ''}`} onPointerDown=${onPointerDown}>
    <div
      class="db-board db-board-edit"
      ref=${board}
      role="listbox"
      aria-multiselectable="true"
      aria-label=${t.edit.board}
      tabindex=${widgets.length === 0 ? 0 : undefined}
      style=${{ height }}
    >
      ${dragging
        ? [...dragging.ids].map((id) => {
            const box = target.get(id);
            return box ? html`<div key=${`place-${id}`} class="db-place" style=${floating(box, phone)} aria-hidden="true"></div>` : null;
          })
        : null}
      ${widgets.map((widget) => {
        const held = Boolean(dragging?.ids.has(widget.id));
        const box = held ? byId.get(widget.id) : target.get(widget.id);
        return box
          ? html`<${Slot}
              key=${widget.id}
              widget=${widget}
              box=${box}
              phone=${phone}
              held=${held}
              dx=${held ? dragging?.dx : 0}
              dy=${held ? dragging?.dy : 0}
              chosen=${work.selected.value.has(widget.id)}
              from=${from}
              range=${range}
              setRange=${setRange}
              onOpen=${onOpen}
            />`
          : null;
      })}
      ${hand?.frame
        ? html`<div
            class="db-frame"
            style=${{ left: `${hand.frame.left}px`, top: `${hand.frame.top}px`, width: `${hand.frame.width}px`, height: `${hand.frame.height}px` }}
          ></div>`
        : null}
    </div>
    ${widgets.length === 0
      ? html`<div class="db-canvas-empty">
          <${Empty} icon="layout-dashboard" sentence=${t.empty.sentence} example=${t.empty.example} action=${html`<${Button} icon="plus" label=${t.empty.action} onClick=${onAdd} />`} />
        </div>`
      : null}
  </div>`;
}

/**
 * @param {{widget: Widget, box: Box, phone: boolean, held: boolean, dx?: number, dy?: number, chosen: boolean, from: any,
 *   range: any, setRange: any, onOpen: () => void}} props
 */
function Slot({ widget, box, phone, held, dx = 0, dy = 0, chosen, from, range, setRange, onOpen }) {
  // The same node again: a tile is not drawn anew because it is moved.
  const tile = useMemo(
    () =>
      html`<${Tile} widget=${widget} bounds=${boundsOf(widget, from)} range=${range} setRange=${setRange} syncKey="edit" editing=${true} compact=${phone} />`,
    [widget, phone],
  );
  const title = titleOf(widget);
  const { label } = kindOf(widget.type);
  return html`<div
    class=${`db-slot db-slot-edit${chosen ? ' db-chosen' : ''}${held ? ' db-held' : ''}`}
    data-widget=${widget.id}
    style=${floating(box, phone, dx, dy)}
    onDblClick=${onOpen}
  >
    <div class="db-still" aria-hidden="true">${tile}</div>
    <div class="db-over" role="option" aria-selected=${String(chosen)} aria-label=${t.tile.roles(title, label)} tabindex="0"></div>
    <span class="db-grip" data-grip></span>
    <span class="db-handle db-handle-e" data-resize="e"></span>
    <span class="db-handle db-handle-s" data-resize="s"></span>
    <span class="db-handle db-handle-se" data-resize="se" title=${t.edit.resize}></span>
  </div>`;
}
