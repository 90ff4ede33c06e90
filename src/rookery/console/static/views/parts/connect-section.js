/** A numbered step of the set-up, and the question under which name boards reach this server. */
import { html, useEffect, useRef } from '../../html.js';
import { useLoad } from '../../api/rest.js';
import { session } from '../../api/session.js';
import { Copy, Field } from '../../ui/index.js';
import { t } from '../../strings/connect.js';
import { addressForBoards, hostsOf, isLoopback } from './connect-address.js';

/** @param {{number: number|string, title: string, children?: any, id?: string}} props */
export function Section({ number, title, children, id }) {
  return html`
    <section class="connect-section" aria-labelledby=${`step-${number}`} id=${id}>
      <h2 id=${`step-${number}`}><span class="connect-number">${number}</span> ${title}</h2>
      <div class="connect-body">${children}</div>
    </section>
  `;
}

/** A line for a terminal. @param {{text: string}} props */
export function Command({ text }) {
  return html`<span class="connect-command"><code>${text}</code><${Copy} text=${text} /></span>`;
}

const LONGEST = 63;

/**
 * What is wrong with an address, if something is.
 * @param {string} host
 * @param {'mqtt'|'particle'} kind
 */
export function addressProblem(host, kind) {
  if (!/^[A-Za-z0-9.:_[\]-]+$/.test(host) || /^https?:/.test(host)) return t.address.bad;
  if (host.includes(':')) return kind === 'particle' ? t.address.ipv6 : '';
  return kind === 'particle' && host.length > LONGEST ? t.address.long : '';
}

/**
 * @param {object} props
 * @param {string} props.host
 * @param {(host: string) => void} props.onHost
 * @param {'mqtt'|'particle'} props.kind
 */
export function Address({ host, onHost, kind }) {
  const { server, person } = session.value;
  // Only who runs the server may see what the machine is called; others choose among the names it was given.
  const setup = useLoad(async (api) => (person?.operator ? api.own('GET', 'setup') : null), [person?.operator]);
  const machine = setup.data?.machine;
  const addresses = [machine?.name, ...(machine?.addresses ?? [])].filter(
    (each) => typeof each === 'string' && each && addressProblem(each, kind) === '',
  );
  // The machine's own address comes late: who is already in the field keeps what is there.
  const taken = useRef(false);
  useEffect(() => {
    const address = taken.current || !isLoopback(host) ? undefined : addressForBoards(addresses);
    if (address) onHost(address);
  }, [setup.data]);
  const known = [...new Set([...hostsOf(server), ...addresses])];
  const carried = new Set([...(server.hosts ?? []), ...(setup.data?.names ?? [])]);
  /** @param {string} text */
  const choose = (text) => {
    taken.current = true;
    onHost(text);
  };
  const problem = addressProblem(host, kind);
  const foreign = !problem && kind === 'mqtt' && !isLoopback(host) && carried.size > 0 && !carried.has(host);
  return html`
    <div class="connect-address"
      onFocusIn=${() => {
        taken.current = true;
      }}>
      <${Field} label=${t.address.label} hint=${t.address.hint} value=${host} mono error=${problem}
        onInput=${(/** @type {string} */ text) => choose(text.trim())} />
      ${
        known.length > 1 &&
        html`<div class="connect-hosts">
        ${known.map((each) => html`<button key=${each} type="button" aria-pressed=${String(each === host)} onClick=${() => choose(each)}>${each}</button>`)}
      </div>`
      }
      ${!problem && isLoopback(host) && html`<p class="connect-warn">${t.address.loopback}</p>`}
      ${
        foreign &&
        html`<p class="connect-warn">${t.address.foreign}
        ${person?.operator && html` <a href="/console/settings/certificates">${t.address.settings}</a>`}</p>`
      }
    </div>
  `;
}
