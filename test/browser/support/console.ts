import type { Locator, Page } from 'playwright-core';

/** The console, used as an operator does. */
export class Console {
  readonly tokenField: Locator;

  constructor(private readonly page: Page) {
    this.tokenField = page.getByRole('textbox', { name: 'Token', exact: true });
  }

  async signIn(token: string): Promise<void> {
    await this.tokenField.fill(token);
    await this.page.getByRole('button', { name: 'Open' }).click();
    await this.page.locator('#instances .card').first().waitFor();
  }

  card(instance: string): Locator {
    const name = this.page.getByRole('button', { name: instance, exact: true });
    return this.page.locator('#instances .card').filter({ has: name });
  }

  /** Names of the instances that are listed. */
  cards(): Promise<string[]> {
    return this.page.locator('#instances .card .name').allInnerTexts();
  }

  async select(instance: string): Promise<void> {
    await this.page.getByRole('button', { name: instance, exact: true }).click();
    await this.page.getByRole('heading', { name: `Test call from ${instance}` }).waitFor();
  }

  async press(action: string, instance: string): Promise<void> {
    await this.page.getByRole('button', { name: `${action} ${instance}` }).click();
  }

  async ring(number: string, seconds: number): Promise<void> {
    await this.page.getByLabel('Number, with country code').fill(number);
    await this.page.getByLabel('Seconds').fill(String(seconds));
    await this.page.getByRole('button', { name: 'Ring', exact: true }).click();
  }

  /** The steps of the call that is followed, with their times. */
  async timeline(): Promise<string[]> {
    const steps = await this.page.locator('#timeline li').allInnerTexts();
    return steps.map((step) => step.replace(/\s+/g, ' ').trim());
  }

  /** The newest call to a number in the list of recent calls. */
  recentCall(number: string): Locator {
    return this.page.locator('#calls tbody tr').filter({ hasText: number }).first();
  }
}
