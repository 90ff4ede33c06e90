/** How long the history of a variable is kept: as its space has it, for ever, or some days. */
import { html, useEffect, useSignal } from '../../html.js';
import { own } from '../../api/rest.js';
import { Field } from '../../ui/index.js';
import { t } from '../../strings/things.js';

/**
 * @typedef {object} Rule
 * @property {'space'|'ever'|'days'} kind
 * @property {string} days      as it was typed
 * @property {number|null|undefined} space  what the space has; undefined while it is not known
 * @property {boolean} touched  only then it is sent
 */

/**
 * The rule of a variable; of a new one that of its space.
 * @param {string|undefined} variableId
 */
export function useRetention(variableId) {
  const rule = useSignal(/** @type {Rule} */ ({ kind: 'space', days: '30', space: undefined, touched: false }));
  useEffect(() => {
    if (!variableId) return;
    own('GET', `variables/${variableId}/retention`).then(
      ({ days, space }) => {
        if (rule.peek().touched) return;
        rule.value = {
          kind: days === null ? 'space' : days === 0 ? 'ever' : 'days',
          days: days ? String(days) : '30',
          space,
          touched: false,
        };
      },
      () => {
        // Without the answer the field shows what holds for most; nothing is sent unless it is touched.
      },
    );
  }, [variableId]);
  return rule;
}

/**
 * What the server is told: null for the space's rule, 0 for ever; undefined when the number is none.
 * @param {Rule} rule
 * @returns {number|null|undefined}
 */
export function retentionDays(rule) {
  if (rule.kind === 'space') return null;
  if (rule.kind === 'ever') return 0;
  const days = Number(rule.days);
  return Number.isInteger(days) && days > 0 ? days : undefined;
}

/** @param {{rule: import('../../html.js').Signal<Rule>, tried: boolean}} props */
export function Retention({ rule, tried }) {
  const { kind, days, space } = rule.value;
  const set = (/** @type {Partial<Rule>} */ patch) => {
    rule.value = { ...rule.value, ...patch, touched: true };
  };
  const inherited =
    space === undefined ? t.sheet.asSpace : t.sheet.asSpaceDays(space ? t.sheet.someDays(space) : t.sheet.forever.toLowerCase());
  return html`
    <div class="device-pair">
      <${Field} type="select" label=${t.sheet.kept} value=${kind} onInput=${(/** @type {any} */ value) => set({ kind: value })} options=${[
        { value: 'space', label: inherited },
        { value: 'ever', label: t.sheet.forever },
        { value: 'days', label: t.sheet.days },
      ]} />
      ${
        kind === 'days' &&
        html`<${Field} label=${t.sheet.daysField} unit=${t.sheet.daysUnit} value=${days}
        error=${tried && retentionDays(rule.value) === undefined ? t.sheet.daysBad : ''} onInput=${(/** @type {string} */ text) => set({ days: text })} />`
      }
    </div>
  `;
}
