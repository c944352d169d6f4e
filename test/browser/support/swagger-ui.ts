import type { Locator, Page } from 'playwright-core';

export type Scheme = 'TokenAccount' | 'TokenInstance' | 'AdminToken' | 'Bearer';

export interface ShownAnswer {
  readonly status: number;
  /** As it stands on the page; empty when a picture is shown. */
  readonly text: string;
}

/** The documentation page, used as its reader does. */
export class SwaggerUi {
  constructor(private readonly page: Page) {}

  /** Waits until the routes are listed. */
  async ready(): Promise<void> {
    await this.page.locator('.opblock').first().waitFor();
  }

  async authorize(scheme: Scheme, token: string): Promise<void> {
    await this.page.locator('.btn.authorize').click();
    const form = this.page.locator('.auth-container', { hasText: scheme });
    await form.locator('input').fill(token);
    await form.getByRole('button', { name: 'Apply credentials' }).click();
    await form.getByText('Authorized').waitFor();
    await this.page.locator('.modal-ux .close-modal').click();
  }

  /** A route by method and path, unfolded. */
  async open(method: string, path: string): Promise<SwaggerOperation> {
    const block = this.page
      .locator(`.opblock-${method}`)
      .filter({ has: this.page.locator(`[data-path="${path}"]`) });
    await block.locator('.opblock-summary-control').click();
    await block.locator('.execute').waitFor();
    return new SwaggerOperation(block);
  }
}

/** An unfolded route, ready to be tried out. */
export class SwaggerOperation {
  /** @param block the part of the page that is about the route */
  constructor(readonly block: Locator) {}

  /** @param parameters what is typed into the fields of the path and the query */
  async execute(parameters: Readonly<Record<string, string>>, body?: object): Promise<ShownAnswer> {
    for (const [name, value] of Object.entries(parameters))
      await this.block.locator(`tr[data-param-name="${name}"] input`).fill(value);
    if (body) await this.block.locator('textarea.body-param__text').fill(JSON.stringify(body, null, 2));
    await this.block.locator('.execute').click();
    const answer = this.block.locator('.live-responses-table .response');
    await answer.waitFor();
    const status = await answer.locator('.response-col_status').innerText();
    const text = answer.locator('.response-col_description .highlight-code pre').first();
    return {
      status: Number.parseInt(status, 10),
      text: (await text.count()) > 0 ? await text.innerText() : '',
    };
  }

  /** From the path down to the body of the answer. */
  async picture(): Promise<Buffer> {
    const page = this.block.page();
    const [top, bottom] = [this.block, this.block.locator('.live-responses-table .highlight-code').first()];
    const [from, to] = [await top.boundingBox(), await bottom.boundingBox()];
    if (!from || !to) throw new Error('The route is not on the page');
    const scrolled = await page.evaluate<number>('window.scrollY');
    const clip = { x: from.x, y: from.y + scrolled, width: from.width, height: to.y + to.height - from.y };
    return page.screenshot({ fullPage: true, clip });
  }
}
