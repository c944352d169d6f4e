import { findChromium } from './chromium.js';

/** Like `describe`; without Chromium its tests are skipped, and it says so where nobody overlooks it. */
export function describeInBrowser(name: string, tests: () => void): void {
  if (findChromium() !== undefined) {
    describe(name, tests);
    return;
  }
  process.stderr.write(`\n*** skipped: no Chromium *** ${name}: install Chromium or set CHROMIUM_PATH\n\n`);
  describe.skip(name, tests);
}
