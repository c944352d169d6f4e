/**
 * libsignal 6.0.0 prints whole session records, private ratchet keys included, through `console`; the logger option
 * of Baileys has no say in it. These are the first words of everything that it prints.
 */
const LIBSIGNAL_LINES = [
  'Closing session:',
  'Opening session:',
  'Removing old closed session:',
  'Migrating session to:',
  'Session already closed',
  'Session already open',
  'Closing open session in favor of incoming prekey bundle',
  'Decrypted message with closed session.',
  'Failed to decrypt message with any known session...',
  'Session error:',
  'V1 session storage migration error',
  'Unhandled bucket type',
  'WARNING: Expected pubkey of length 33',
];

const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const;
const quieted = new WeakSet<Console>();

/** Drops libsignal's lines from the process's console, whichever method prints them. Idempotent. */
export function silenceLibsignal(target: Console = console): void {
  if (quieted.has(target)) return;
  quieted.add(target);
  for (const method of METHODS) {
    const print: (this: void, ...args: unknown[]) => void = target[method].bind(target);
    target[method] = (...args: unknown[]): void => {
      if (!comesFromLibsignal(args)) print(...args);
    };
  }
}

function comesFromLibsignal(args: readonly unknown[]): boolean {
  const [first] = args;
  if (typeof first === 'string' && LIBSIGNAL_LINES.some((line) => first.startsWith(line))) return true;
  return args.some((arg) => typeof arg === 'object' && arg?.constructor?.name === 'SessionEntry');
}
