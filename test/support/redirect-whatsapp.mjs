// Loaded with `node --import` before the product: sends Baileys to the simulator and lets it trust the simulator's
// root key. The product itself has no option for either.
import { DEFAULT_CONNECTION_CONFIG, WA_CERT_DETAILS } from '@whiskeysockets/baileys';

const { SIMULATOR_URL, SIMULATOR_ROOT_KEY } = process.env;
if (!SIMULATOR_URL || !SIMULATOR_ROOT_KEY) throw new Error('SIMULATOR_URL and SIMULATOR_ROOT_KEY are needed');
DEFAULT_CONNECTION_CONFIG.waWebSocketUrl = SIMULATOR_URL;
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(SIMULATOR_ROOT_KEY, 'hex');
