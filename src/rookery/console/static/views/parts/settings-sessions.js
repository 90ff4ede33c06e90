import { html } from '../../html.js';
import { own, useLoad } from '../../api/rest.js';
import { Button, Panel, Table, Tag, Time, toast } from '../../ui/index.js';
import t from '../../strings/settings.js';

/** @typedef {{id: string, created: number, expires: number | null, current: boolean}} Session */

/** The browsers in which the person is signed in. */
export function Sessions() {
  const load = useLoad(async (api) => (await api.own('GET', 'account/sessions')).sessions, []);
  /** @param {string} path @param {string} words */
  const end = async (path, words) => {
    try {
      await own('DELETE', path);
      toast(words);
      load.reload();
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: 'error' });
    }
  };
  const others =
    load.data?.length > 1 &&
    html`<${Button} kind="plain" label=${t.endOthers} onClick=${() => end('account/sessions', t.endedOthers)} />`;
  return html`<${Panel} title=${t.sessions} line=${t.sessionsLine} actions=${others} calls=${load.calls} flush>
    <${Table}
      label=${t.sessions}
      load=${load}
      rows=${load.data ?? []}
      keyOf=${(/** @type {Session} */ session) => session.id}
      columns=${[
        {
          key: 'which',
          label: t.session,
          render: (/** @type {Session} */ session) =>
            session.current ? html`<${Tag} label=${t.thisBrowser} kind="ok" />` : t.anotherBrowser,
        },
        { key: 'created', label: t.since, render: (/** @type {Session} */ session) => html`<${Time} at=${session.created} />` },
        {
          key: 'expires',
          label: t.until,
          hidePhone: true,
          render: (/** @type {Session} */ session) => (session.expires === null ? t.never : html`<${Time} at=${session.expires} />`),
        },
        {
          key: 'end',
          label: '',
          align: 'end',
          render: (/** @type {Session} */ session) =>
            !session.current &&
            html`<${Button} kind="quiet" small label=${t.endSession} onClick=${() => end(`account/sessions/${session.id}`, t.saved)} />`,
        },
      ]}
    />
  <//>`;
}
