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
      d="M23.2 4.5c-2.9 0-4.9 1.8-6.1 4.3L4.6 20.3c-.6.6-.2 1.5.6 1.4l5-.6c1.4 1.5 3.4 2.3 5.8 2.3 6 0 9.9-4.3 9.9-10v-2.7l3.3-1.6c.6-.3.5-1.1-.1-1.2l-2.6-.5c-.6-1.8-1.7-2.9-3.3-2.9z"
    />
    <path d="M1 27.2c9.800 1.500 20.200 1.500 30 0" fill="none" stroke="currentColor" stroke-width="2.200" stroke-linecap="round" />
    <path d="M15.500 22.500v5.200M19.500 22v5.500" fill="none" stroke="currentColor" stroke-width="1.800" stroke-linecap="round" />
  </svg>`;
}
