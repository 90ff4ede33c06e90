import { html } from '../html.js';

/** A bird on a wire, in the colour of the text around it.
 * @param {{size?: number, label?: string}} props */
export function Mark({ size = 24, label }) {
  return html`<svg
    class="mark"
    width=${size}
    height=${size}
    viewBox="0 0 32 32"
    fill="currentColor"
    role=${label ? 'img' : undefined}
    aria-label=${label}
    aria-hidden=${label ? undefined : 'true'}
  >
    <path
      fill-rule="evenodd"
      d="M28.6 9.7 25.2 7.5C24.3 4.8 22 3.2 19.3 3.2c-3.3 0-5.5 2.2-6.2 5.4-.6 2.8-2 5.1-3.9 7.4L2.6 24c-.5.6.1 1.5.9 1.2l6.5-2.3c1.8 1.2 4 1.7 6.3 1.3 5.4-.9 9-5.2 9-10.6v-1.8l3.3-1.3c.4-.2.4-.6 0-.8ZM20.7 6.7a1.15 1.15 0 1 1 0 2.3 1.15 1.15 0 0 1 0-2.3ZM10.7 19.2c3.9.5 7.3-1.8 8.4-5.6.1-.5.8-.4.8.1.1 4.6-3.7 8.3-8.8 7.4-.9-.1-1.5-1.7-.4-1.9Z"
    />
    <path d="M.9 27.4q15.1 2.2 30.2 0" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" />
    <path d="M15 23.8v4.4M18.6 23.2v4.9" stroke="currentColor" stroke-width="1.5" />
  </svg>`;
}
