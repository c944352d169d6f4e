import type { FailureReason } from '../link-failure.js';

export interface Notice {
  readonly heading: string;
  readonly text: string;
}

/** Every word of the page in one language. */
export interface PageTexts {
  readonly title: string;
  readonly lead: string;
  readonly ways: string;
  readonly qrTab: string;
  readonly codeTab: string;
  readonly qrSteps: readonly string[];
  readonly qrLabel: string;
  readonly showQr: string;
  readonly numberLabel: string;
  readonly numberHint: string;
  readonly getCode: string;
  readonly codeLabel: string;
  readonly codeSteps: readonly string[];
  readonly copyCode: string;
  readonly validUntil: string;
  readonly needsScript: string;
  readonly done: string;
  readonly invalidLink: Notice;
  readonly tooManyRequests: Notice;
  /** What the page says while it lives, by key. `{number}` and `{code}` are filled in. */
  readonly status: StatusTexts;
}

interface StatusTexts {
  readonly loading: string;
  readonly starting: string;
  readonly qr: string;
  /** On the tab of the code, before there is one. */
  readonly number: string;
  readonly code: string;
  readonly linking: string;
  readonly retrying: string;
  readonly connected: string;
  readonly connectedAs: string;
  readonly expired: string;
  readonly gone: string;
  readonly offline: string;
  readonly copied: string;
  readonly failure: Readonly<Record<FailureReason, string>>;
}
