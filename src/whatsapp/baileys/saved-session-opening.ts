import type { Clock } from '../../common/time/clock.js';
import { CLIENT_OUTDATED } from '../client-version/client-version.js';
import { AccountRestricted, LinkingCancelled, WhatsAppUnreachable } from '../whatsapp.errors.js';
import type { SessionNews } from './session-news.js';
import { connectFailure } from './connect-failures.js';

const OPEN_TIMEOUT_MS = 60_000;

/** Somebody who asked to connect waits for a saved session to open. Create it before opening. */
export class SavedSessionOpening {
  /**
   * `logged_out` = the phone has removed the link; a new one is needed.
   * @throws WhatsAppUnreachable after 60 s; LinkingCancelled; what `connectFailure` makes of the first failed attempt, or of the next one
   * when a newer client version was found after the first
   */
  readonly outcome: Promise<'connected' | 'logged_out'>;
  private resolve: (outcome: 'connected' | 'logged_out') => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  /** @param versionRenewed resolves when it is known whether there is a newer client version than the one that was refused */
  constructor(
    clock: Clock,
    private readonly versionRenewed: () => Promise<boolean>,
  ) {
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    const timer = clock.schedule(OPEN_TIMEOUT_MS, () =>
      this.reject(new WhatsAppUnreachable('no answer within 60 seconds')),
    );
    const stop = (): void => timer.cancel();
    this.outcome.then(stop, stop); // the opening itself may have failed, then nobody waits
  }

  take(news: SessionNews): void {
    if (news.type === 'connected') return this.resolve('connected');
    if (news.type !== 'disconnected' && news.type !== 'logged_out') return;
    const failure = connectFailure(news);
    // A restricted account is not offered a new link: the QR code would lead nowhere.
    if (news.type === 'logged_out' && !(failure instanceof AccountRestricted)) this.resolve('logged_out');
    else if (news.code === CLIENT_OUTDATED) {
      void this.versionRenewed().then((isRenewed) => isRenewed || this.reject(failure));
    } else this.reject(failure);
  }

  /** The session was closed before it had opened. */
  abandon(): void {
    this.reject(new LinkingCancelled());
  }
}
