export { TEST_ROOT } from './certificates.js';
export { derivedLid, lidJid } from './jids.js';
export { memoryKeyStore } from './memory-key-store.js';
export { WhatsAppSimulator } from './simulator.js';
export { isValidSignature } from './signatures.js';
export type { ServiceWorkerAnswer } from './service-worker.js';
export type * from './types.js';
