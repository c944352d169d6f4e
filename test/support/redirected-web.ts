import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import type { ServiceWorkerHost } from '../simulator/service-worker.js';

/**
 * Leads TLS connections of this process to web.whatsapp.com:443 to the simulator's web server, and lets them trust its authority, as
 * `redirect-whatsapp.mjs` and NODE_EXTRA_CA_CERTS do for a process of its own. Returns what ends it.
 */
export function redirectWeb({ port, authorityFile }: ServiceWorkerHost): () => void {
  const { connect } = tls;
  const ca = readFileSync(authorityFile, 'utf8');
  tls.connect = ((options: tls.ConnectionOptions, ...more: never[]) =>
    options.host === 'web.whatsapp.com' && Number(options.port) === 443
      ? connect({ ...options, host: '127.0.0.1', port, ca }, ...more)
      : connect(options, ...more)) as typeof tls.connect;
  return () => {
    tls.connect = connect;
  };
}
