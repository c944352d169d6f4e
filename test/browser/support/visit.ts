import type { Browser, BrowserContext, BrowserContextOptions, ConsoleMessage, Page } from 'playwright-core';

const TIMEOUT_MS = 10_000;
/** What Chromium itself says about an answer of 400 and more; `refusals` has it with its address. */
const FAILED_ANSWER = /^Failed to load resource: the server responded with a status of/;
const REPORT_VIOLATIONS =
  "addEventListener('securitypolicyviolation', (event) => console.error('content security policy: ' + event.violatedDirective))";

/** One visitor with a profile of his own, and an eye on everything that no page of the product may do. */
export class Visit {
  /** Requests to other places, errors of scripts, words on the console, broken content security policy. */
  readonly faults: string[] = [];
  /** Answers of 400 and more, as `409 /api/instance/qr/shop`. */
  readonly refusals: string[] = [];
  /** Path and query of every request, in order. */
  readonly requests: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
    private readonly origin: string,
  ) {
    context.on('request', (request) => this.noteRequest(request.url()));
    page.on('websocket', (socket) => this.noteRequest(socket.url()));
    context.on('console', (message) => this.noteConsole(message));
    page.on('pageerror', (error) => this.faults.push(`script failed: ${error.message}`));
    context.on('response', (response) => {
      if (response.status() >= 400) this.refusals.push(`${response.status()} ${pathOf(response.url())}`);
    });
  }

  /** @param origin of the product, with no slash at its end */
  static async open(
    browser: Browser,
    origin: string,
    path: string,
    options: BrowserContextOptions = {},
  ): Promise<Visit> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(TIMEOUT_MS);
    await context.addInitScript(REPORT_VIOLATIONS);
    const visit = new Visit(context, await context.newPage(), origin);
    await visit.page.goto(origin + path, { waitUntil: 'load' });
    return visit;
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  /** Resolves when the words are on the page. */
  async sees(words: string | RegExp): Promise<void> {
    await this.page.getByText(words).first().waitFor({ state: 'visible' });
  }

  private noteRequest(url: string): void {
    // Made by the page out of what it has; they go nowhere.
    if (/^(data|blob):/.test(url)) return;
    this.requests.push(pathOf(url));
    if (new URL(url).host !== new URL(this.origin).host) this.faults.push(`foreign request: ${url}`);
  }

  private noteConsole(message: ConsoleMessage): void {
    if (!['error', 'warning'].includes(message.type())) return;
    if (!FAILED_ANSWER.test(message.text())) this.faults.push(`${message.type()}: ${message.text()}`);
  }
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
