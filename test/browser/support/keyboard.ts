import type { Page } from 'playwright-core';

const MOST_STOPS = 40;

/** What has the focus: its label or its text. */
const FOCUSED = `(() => {
  const { activeElement: one } = document;
  const label = one.labels?.[0]?.textContent ?? one.getAttribute('aria-label') ?? one.textContent;
  return label.replace(/\\s+/g, ' ').trim();
})()`;

/** Presses Tab until something with this name has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = [];
  for (let stops = 0; stops < MOST_STOPS; stops += 1) {
    const focused = await page.evaluate<string>(FOCUSED);
    if (focused.startsWith(name)) return;
    passed.push(focused);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${name}, but to: ${passed.join(' | ')}`);
}
