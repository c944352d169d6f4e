import type { SecretBox } from '../../common/crypto/secret-box.js';
import { webhookUrlContext } from './sealed-places.js';
import type { WebhookEntity } from './webhook.entity.js';

/** Where the address of a webhook is kept. */
export type UrlColumns = Pick<WebhookEntity, 'url' | 'sealedUrl' | 'shownUrl'>;

/** Stands for path and query, which receivers use as passwords. */
const URL_MASK = '***';

/**
 * In `url` once the address is sealed. A release that does not know of sealed ones may still run during an upgrade: it refuses an
 * empty address and tries again later, where it would post to a masked one and call an answer of that place a delivery.
 */
const SEALED = '';

export const NO_URL: UrlColumns = { url: null, sealedUrl: null, shownUrl: null };

export function sealedUrl(instanceId: string, label: string, url: string, secrets: SecretBox): UrlColumns {
  return {
    url: SEALED,
    sealedUrl: secrets.sealText(url, webhookUrlContext(instanceId, label)),
    shownUrl: masked(url),
  };
}

/** The address, in clear. @throws SealBroken */
export function openUrl(
  {
    instanceId,
    label,
    url,
    sealedUrl: sealed,
  }: Pick<WebhookEntity, 'instanceId' | 'label' | 'url' | 'sealedUrl'>,
  secrets: SecretBox,
): string | null {
  if (url !== SEALED) return url;
  return sealed && secrets.openText(sealed, webhookUrlContext(instanceId, label));
}

/** What lists show of the address: scheme, host and port. */
export function shownUrl({ url, shownUrl: shown }: Pick<UrlColumns, 'url' | 'shownUrl'>): string | null {
  return url === SEALED || url === null ? shown : masked(url);
}

/** An address as `shownUrl` gives it, which leads nowhere. */
export function isMasked(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { pathname, search } = new URL(url);
  return pathname === `/${URL_MASK}` && search === '';
}

function masked(url: string): string {
  if (!URL.canParse(url)) return URL_MASK;
  const { origin, pathname, search } = new URL(url);
  return pathname === '/' && search === '' ? url : `${origin}/${URL_MASK}`;
}
