import { html } from '../html.js';
import { Page } from '../ui/index.js';

export default function View() {
  return html`<${Page} title="home" />`;
}
