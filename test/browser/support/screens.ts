import type { BrowserContextOptions, Page } from 'playwright-core';

/** A small phone, as people have them. */
export const PHONE_SCREEN = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
} satisfies BrowserContextOptions;

/** True when the page has to be scrolled sideways. */
export function isWiderThanScreen(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('document.documentElement.scrollWidth > window.innerWidth');
}

/** Mean of red, green and blue of the page's background, 0 (black) to 255 (white). */
export async function backgroundBrightness(page: Page): Promise<number> {
  const color = await page.evaluate<string>(BACKGROUND);
  const parts = (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
  return parts.reduce((sum, part) => sum + part, 0) / 3;
}

/** The body may leave it to the root. */
const BACKGROUND = `[document.body, document.documentElement].map((one) => getComputedStyle(one).backgroundColor)
  .find((color) => color !== 'rgba(0, 0, 0, 0)') ?? 'rgb(255, 255, 255)'`;
