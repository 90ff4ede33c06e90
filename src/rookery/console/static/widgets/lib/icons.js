/** Icons that options name. */
import icons from '../../vendor/lucide.js';

/**
 * The name of an icon there is, '' for none. Options come from anybody's file: a name is only looked up among our own.
 * @param {any} name
 */
export const iconOf = (name) => (typeof name === 'string' && Object.hasOwn(icons, name) ? name : '');
