import type { Locator, Page } from 'playwright-core';
import { readQr } from '../../support/read-qr.js';

/** The pairing page, used as the owner of a phone does. */
export class PairingPage {
  readonly status: Locator;
  readonly qr: Locator;

  constructor(private readonly page: Page) {
    this.status = page.getByRole('status');
    this.qr = page.locator('svg#qr:not([data-empty])');
  }

  /** What a camera in front of the screen reads. */
  async scan(): Promise<string> {
    await this.qr.waitFor();
    const content = readQr(await this.qr.screenshot());
    if (content === undefined) throw new Error('The QR code on the page cannot be read');
    return content;
  }

  /** The code to type on the phone, without its dash. */
  async code(): Promise<string> {
    await this.page.locator('#code-box').waitFor();
    const shown = await this.page.locator('#code-shown').innerText();
    return shown.replace('-', '');
  }

  /** Resolves when the state in words says this. */
  async says(words: string | RegExp): Promise<void> {
    await this.status.filter({ hasText: words }).waitFor();
  }
}
