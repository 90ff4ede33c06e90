import { html, useEffect, useState } from '../html.js';
import { style } from '../style.js';
import { Page, Skeleton, Tabs } from '../ui/index.js';
import t from '../strings/patterns.js';

await style('ui');

export const title = t.title;

/** @type {Record<string, () => Promise<{default: any}>>} */
const PARTS = {
  basics: () => import('./parts/ui-basics.js'),
  controls: () => import('./parts/ui-controls.js'),
  data: () => import('./parts/ui-data.js'),
  states: () => import('./parts/ui-states.js'),
  charts: () => import('./parts/ui-charts.js'),
  widgets: () => import('./parts/ui-widgets.js'),
};

/** The pattern page. @param {{query: Record<string, string>}} props */
export default function Patterns({ query }) {
  const wanted = query.part ?? location.hash.slice(1);
  const part = wanted in PARTS ? wanted : 'basics';
  const [found, setFound] = useState(/** @type {{part: string, view: any} | null} */ (null));
  useEffect(() => {
    let gone = false;
    PARTS[part]().then(
      (module) => !gone && setFound({ part, view: module.default }),
      () => !gone && setFound({ part, view: () => html`<p class="muted">${t.notReady}</p>` }),
    );
    return () => {
      gone = true;
    };
  }, [part]);
  const View = found?.part === part ? found.view : null;
  return html`<${Page} title=${t.title} line=${t.line} json=${false}>
    <${Tabs}
      label=${t.title}
      current=${part}
      tabs=${Object.keys(PARTS).map((id) => ({ id, label: t.parts[/** @type {'basics'} */ (id)], href: `/console/ui?part=${id}` }))}
    />
    ${View ? html`<${View} />` : html`<${Skeleton} rows=${6} />`}
  <//>`;
}
