import { html, useEffect, useState } from '../html.js';
import words from '../strings/widgets.js';
import { bytes as sizeText, Field, IconButton } from '../ui/index.js';
import { number } from './lib/fits.js';
import { dataAddress, fresh, imageType, MOST_BYTES, pictureAddress } from './lib/picture.js';

const t = words.settings;
const FITS = ['contain', 'cover', 'fill'];
/** Seconds between two loads of the same image. */
const OFTENEST = 5;

/** What an image widget shows. @param {any} options */
export const sourceOf = (options) => pictureAddress(options.image ?? options.url ?? options.imageUrl ?? options.src);

/** @param {import('./lib/contract.js').ViewProps} props */
function View({ widget, options }) {
  const source = sourceOf(options);
  const every = number(options.refresh, 0);
  const [turn, setTurn] = useState(0);
  const [failed, setFailed] = useState('');
  useEffect(() => {
    if (!(every > 0) || !source) return undefined;
    const timer = setInterval(() => !document.hidden && setTurn(Date.now()), Math.max(every, OFTENEST) * 1000);
    return () => clearInterval(timer);
  }, [every, source]);
  if (!source) return html`<div class="w-middle"><p class="w-none">${words.image.empty}</p></div>`;
  const address = fresh(source, turn);
  if (failed === address)
    return html`<div class="w-middle"><p class="w-none" role="note">${words.image.failed}</p></div>`;
  return html`<img
    class=${`w-image w-image-${FITS.includes(options.fit) ? options.fit : 'contain'}`}
    src=${address}
    alt=${options.alt || widget.name || words.image.alt}
    draggable=${false}
    referrerpolicy="no-referrer"
    onError=${() => setFailed(address)}
  />`;
}

/** Where the image comes from. @param {{options: any, onChange: (patch: Record<string, any>) => void}} props */
export function PictureFields({ options, onChange }) {
  const [error, setError] = useState(/** @type {string|null} */ (null));
  const [address, setAddress] = useState(() =>
    String(options.image ?? '').startsWith('data:') ? '' : String(options.image ?? ''),
  );
  const [file, setFile] = useState(/** @type {File|null} */ (null));
  const [from, setFrom] = useState(() => (String(options.image ?? '').startsWith('http') ? 'address' : 'upload'));
  /** @param {File|null} picked */
  const pick = async (picked) => {
    setFile(picked);
    setError(null);
    if (!picked) return;
    if (picked.size > MOST_BYTES) return setError(words.image.tooLarge(sizeText(picked.size), sizeText(MOST_BYTES)));
    const found = new Uint8Array(await picked.arrayBuffer());
    const type = imageType(found);
    if (!type) return setError(words.image.notImage);
    onChange({ image: dataAddress(found, type) });
  };
  return html`<${Field}
      label=${t.source}
      type="radio"
      value=${from}
      options=${[
        { value: 'upload', label: t.upload },
        { value: 'address', label: t.address },
      ]}
      onInput=${(/** @type {string} */ next) => {
        setFrom(next);
        setError(null);
      }}
    />
    ${
      String(options.image ?? '').startsWith('data:') &&
      html`<div class="w-picture-kept">
        <img src=${sourceOf(options) ?? ''} alt="" />
        <span>${words.image.kept}</span>
        <${IconButton}
          icon="trash-2"
          small
          label=${words.image.remove}
          onClick=${() => onChange({ image: undefined })}
        />
      </div>`
    }
    ${
      from === 'upload'
        ? html`<${Field}
            label=${t.file}
            type="file"
            accept="image/png,image/jpeg,image/gif,image/webp,image/avif"
            value=${file}
            error=${error}
            onInput=${pick}
          />`
        : html`<${Field}
            label=${t.url}
            type="url"
            placeholder="https://"
            value=${address}
            error=${error}
            onInput=${(/** @type {string} */ text) => {
              setAddress(text);
              const fine = text.trim() === '' || (pictureAddress(text) && !text.trim().startsWith('data:'));
              setError(fine ? null : words.image.badAddress);
              if (fine) onChange({ image: text.trim() || undefined });
            }}
          />`
    }`;
}

/** @param {import('./lib/contract.js').SettingsProps} props */
function Settings({ options, onChange }) {
  return html`<${PictureFields} options=${options} onChange=${onChange} />
    <${Field}
      label=${t.fit}
      type="select"
      value=${options.fit ?? 'contain'}
      onInput=${(/** @type {string} */ fit) => onChange({ fit })}
      options=${FITS.map((value) => ({ value, label: t.fits[/** @type {'cover'} */ (value)] }))}
    />
    <${Field}
      label=${t.refresh}
      hint=${t.refreshHint}
      type="number"
      min="0"
      value=${String(options.refresh ?? 0)}
      onInput=${(/** @type {string} */ text) => onChange({ refresh: number(text, 0) || undefined })}
    />
    <${Field}
      label=${t.alt}
      value=${options.alt ?? ''}
      maxlength=${300}
      onInput=${(/** @type {string} */ alt) => onChange({ alt: alt || undefined })}
    />`;
}

/** @type {import('./lib/contract.js').Kind} */
export default {
  kind: 'Image',
  label: words.kinds.image,
  icon: 'image',
  fits: (variables) => variables.length === 0,
  count: [0, 0],
  size: { w: 3, h: 3, minW: 1, minH: 1 },
  phone: { w: 2, h: 3 },
  live: false,
  bleed: true,
  defaults: () => ({ fit: 'contain' }),
  View,
  Settings,
};
