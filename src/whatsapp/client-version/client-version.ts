/** The revision travels as an unsigned 32-bit number (`ClientPayload.UserAgent.AppVersion`), so it has 10 digits at most. */
const MAX_REVISION = 2 ** 32 - 1;
const REVISION = /^[1-9]\d{0,9}$/;
/** As the service worker of WhatsApp Web names it, with quotes that may be escaped. A number that breaks off is none. */
const REVISION_IN_SERVICE_WORKER = /client_revision\\*"\s*:\s*(\d+)(?=[^\d.eE])/;

/** `<failure reason="405">`: WhatsApp no longer takes this version of the client, for a link as well as for an open session. */
export const CLIENT_OUTDATED = 405;

/**
 * Where a version is known from: `environment` = WHATSAPP_WEB_VERSION, `built-in` = the library, `stored` = the database at the start,
 * `learned` = asked for since then by this process or another one.
 */
export const VERSION_SOURCES = ['environment', 'built-in', 'stored', 'learned'] as const;
export type VersionSource = (typeof VERSION_SOURCES)[number];

export interface ClientVersion {
  readonly revision: number;
  readonly source: VersionSource;
  /** When WhatsApp itself used it at the latest, as far as is known; `null` = not known. */
  readonly currentAt: Date | null;
}

/** The version of WhatsApp Web that a client says it is, in its login payload: `2.3000.<revision>` (2026 builds). */
export function versionText(revision: number): string {
  return `2.3000.${revision}`;
}

/** The revision that a service worker names; `undefined` for garbage, a login page, a file that breaks off. */
export function revisionIn(serviceWorker: string): number | undefined {
  const digits = REVISION_IN_SERVICE_WORKER.exec(serviceWorker)?.[1] ?? '';
  const revision = Number(digits);
  return REVISION.test(digits) && revision <= MAX_REVISION ? revision : undefined;
}

/** What an operator has to do when WhatsApp refuses a version, by what is configured. */
const ADVICE = {
  learning: 'allow web.whatsapp.com:443, where Ringdrop learns newer ones, or set WHATSAPP_WEB_VERSION',
  fixed:
    'set WHATSAPP_WEB_VERSION to a newer one, or remove it and allow web.whatsapp.com:443, where Ringdrop learns newer ones',
  closed:
    'set WHATSAPP_WEB_VERSION to a newer one, or set WHATSAPP_WEB_VERSION_REFRESH=true and allow web.whatsapp.com:443',
} as const;

/** The words of a refusal with code 405. */
export function refusalText(revision: number, advice: keyof typeof ADVICE): string {
  return `WhatsApp no longer accepts client version ${versionText(revision)} (405): ${ADVICE[advice]}`;
}
