type BaileysLogger = Parameters<
  typeof import('@whiskeysockets/baileys').DEFAULT_CONNECTION_CONFIG.makeSignalRepository
>[1];

/** A logger for Baileys parts that says nothing. */
export const silentLogger: BaileysLogger = {
  level: 'silent',
  child: () => silentLogger,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
