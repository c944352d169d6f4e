// Loaded with `node --import` before the product: sends Baileys to the simulator and lets it trust the simulator's
// root key, and leads every connection to web.whatsapp.com:443 to the simulator's web server, or nowhere. The product itself
// has no option for any of it, and verifies TLS as always: NODE_EXTRA_CA_CERTS names the authority of the simulator.
import { Socket } from 'node:net';
import { DEFAULT_CONNECTION_CONFIG, WA_CERT_DETAILS } from '@whiskeysockets/baileys';

const { SIMULATOR_URL, SIMULATOR_ROOT_KEY, SIMULATOR_WEB_PORT } = process.env;
if (!SIMULATOR_URL || !SIMULATOR_ROOT_KEY) throw new Error('SIMULATOR_URL and SIMULATOR_ROOT_KEY are needed');
DEFAULT_CONNECTION_CONFIG.waWebSocketUrl = SIMULATOR_URL;
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(SIMULATOR_ROOT_KEY, 'hex');

/** Nobody listens there. */
const NOWHERE = 9;
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...given) {
  // Node's own modules give their arguments as one list.
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  if (options?.host === 'web.whatsapp.com' && Number(options.port) === 443) {
    options.host = '127.0.0.1';
    options.port = Number(SIMULATOR_WEB_PORT ?? NOWHERE);
  }
  return connect.apply(this, given);
};
