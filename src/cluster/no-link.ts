import { OwnerUnavailable } from './cluster.errors.js';
import { NodeLink } from './node-link.js';

/** The link of a process that is alone. */
export class NoLink extends NodeLink {
  override readonly isUp = true;
  override open(): void {}
  override serveAs(): void {}
  override stopAnswering(): Promise<void> {
    return Promise.resolve();
  }
  override close(): Promise<void> {
    return Promise.resolve();
  }
  override ask(): Promise<unknown> {
    return Promise.reject(OwnerUnavailable.unreached());
  }
  override tell(): void {}
  override onAsked(): void {}
  override onTold(): void {}
}
