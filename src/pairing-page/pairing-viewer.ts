import type { PairingState } from './pairing-state.js';

/** What a page is told. After the last three nothing more comes. */
export type PageState =
  | PairingState
  /** The time of the link is over. */
  | { readonly phase: 'expired' }
  /** The instance is not there any more. */
  | { readonly phase: 'gone' };

/** A page that somebody has open. */
export interface PairingViewer {
  show(state: PageState): void;
  /** Sends the page away; may be called twice. */
  end(): void;
  /** The listener is called once, when the page is closed from either side. */
  onClosed(listener: () => void): void;
}
