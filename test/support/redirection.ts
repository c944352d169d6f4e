import type { WhatsAppSimulator } from '../simulator/index.js';

/** What `redirect-whatsapp.mjs` needs to know, and Node itself: whom to trust besides its own authorities. */
export function redirectionTo(simulator: WhatsAppSimulator): Record<string, string> {
  const { port, authorityFile } = simulator.versions.serviceWorker;
  return {
    SIMULATOR_URL: simulator.url,
    SIMULATOR_ROOT_KEY: simulator.rootPublicKey.toString('hex'),
    SIMULATOR_WEB_PORT: String(port),
    NODE_EXTRA_CA_CERTS: authorityFile,
    WHATSAPP_WEB_VERSION_REFRESH: 'true',
  };
}
