/** A board to try things on: the reader's own, or simulated ones that are started here. */
import { html, useEffect, useState } from '../html.js';
import { own, useLoad } from '../api/rest.js';
import { Button, Icon, toast } from '../ui/index.js';
import t from '../strings/tutorial.js';
import { findBoards } from './lookups.js';
import { remember, values } from './memory.js';

/** How often, and how many times, it is looked whether they have come. */
const PAUSE = 1_000;
const TRIES = 30;

/** @param {{track: import('./tracks.js').TrackName}} props */
export function Boards({ track }) {
  const load = useLoad((api) => api.own('GET', 'devices', { query: { online: true, per_page: 1 } }));
  const [waiting, setWaiting] = useState(0);
  const some = (load.data?.total ?? 1) > 0;

  useEffect(() => {
    if (!waiting || some) return undefined;
    const timer = setTimeout(() => {
      void load.reload().then(() => setWaiting((before) => (before > TRIES ? 0 : before + 1)));
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [waiting, some]);
  useEffect(() => {
    if (!waiting || !some) return;
    setWaiting(0);
    remember({ things: undefined });
    const { token } = values.peek();
    if (token) void findBoards(token);
  }, [waiting, some]);

  if (some) return null;
  const start = async () => {
    setWaiting(1);
    try {
      await own('POST', 'simulated');
      toast(t.started);
    } catch (error) {
      setWaiting(0);
      toast(/** @type {Error} */ (error).message, { kind: 'error' });
    }
  };
  return html`<div class="tutorial-boards" key=${track}>
    <${Icon} name="cpu" size=${20} />
    <p>${t.noBoards}</p>
    <div class="tutorial-boards-actions">
      <${Button} label=${waiting ? t.startingBoards : t.startBoards} icon="play" busy=${waiting > 0} onClick=${start} small=${true} />
      <${Button} label=${t.ownBoard} href="/console/connect" kind="quiet" small=${true} />
    </div>
  </div>`;
}
