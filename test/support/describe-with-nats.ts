import { hasNatsServer } from './nats.js';

/** `describe` where there is a nats-server (Debian package of this name), else a loud skip. */
export function describeWithNats(name: string, tests: () => void): void {
  if (hasNatsServer()) return describe(name, tests);
  process.stderr.write(`\nSKIPPED, no nats-server: ${name}\n\n`);
  describe.skip(name, tests);
}
