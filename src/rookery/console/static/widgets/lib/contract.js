/**
 * The shapes that a dashboard and its kinds of widgets agree on. Types only.
 *
 * @typedef {object} Pending
 * @property {any} value
 * @property {number} since
 * @property {'sending'|'unconfirmed'|'failed'} state
 * @property {string} [message]
 *
 * @typedef {object} Bound a variable that a widget shows
 * @property {string} id
 * @property {string} name
 * @property {string} variable_name
 * @property {string} type
 * @property {string} permission
 * @property {string} thing_id
 * @property {string} thing_name
 * @property {string} unit
 * @property {string} timezone
 * @property {Read<any>} value
 * @property {Read<number|null>} at
 * @property {Read<Pending|null>} pending
 * @property {Read<any>} shown
 * @property {Read<string>} state
 * @property {Read<any>} [board]
 * @property {(value: any) => Promise<void>} write
 * @property {boolean} writable
 * @property {(wanted: {from: number, to: number, points: number, signal?: AbortSignal}) => Promise<import('../../ui/history.js').History>} series
 * @property {(fn: (ms: number, value: any, fromBoard?: boolean) => void) => (() => void)} onPoint
 * @property {(limit: number) => Promise<[number, any, boolean?][]>} [recent]
 * @property {any} [source]
 *
 * @typedef {object} Range
 * @property {string} name
 * @property {number} from
 * @property {number} to
 * @property {boolean} live
 *
 * @typedef {object} ViewProps
 * @property {{id: string, type: string, name?: string, options?: any}} widget
 * @property {Bound[]} variables
 * @property {any} options
 * @property {Read<Range>} range
 * @property {(from: number|null, to?: number) => void} setRange
 * @property {boolean} [editing]
 * @property {string} [syncKey]
 * @property {boolean} [compact]
 *
 * @typedef {object} SettingsProps
 * @property {{id: string, type: string, name?: string, options?: any}} widget
 * @property {any} options
 * @property {(patch: Record<string, any>) => void} onChange
 * @property {Bound[]} variables
 *
 * @typedef {{type: string, permission?: string, source?: any}} Variable what `fits` is asked about
 *
 * @typedef {object} Kind
 * @property {string} kind wire text
 * @property {string[]} [aliases]
 * @property {string} label
 * @property {string} icon
 * @property {(variables: Variable[]) => boolean} fits
 * @property {(variables: Variable[]) => number} [rank]
 * @property {[number, number]} count
 * @property {{w: number, h: number, minW: number, minH: number}} size
 * @property {{w: number, h: number}} [phone]
 * @property {boolean} [live]
 * @property {boolean} [bleed]
 * @property {boolean} [ranged] it shows the time range of the page
 * @property {boolean} [unknown]
 * @property {(variables: Variable[]) => any} defaults
 * @property {(props: ViewProps) => any} View
 * @property {(props: SettingsProps) => any} [Settings] none where there is nothing to set
 */

/**
 * @template T
 * @typedef {{readonly value: T, peek(): T}} Read a signal that is only read
 */

export {};
