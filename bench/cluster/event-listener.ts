import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { SeededRandom } from '../support/seeded-random.js';
import type { ClusterStage } from './cluster-stage.js';
import { parseCallEvent, type HeardEvent } from './judge-events.js';

const BETWEEN_TRIES_MS = 500;

/** A client with a WebSocket to a random node, and to another one when that has ended. */
export class EventListener {
  /** What each of its sockets heard. */
  readonly heard: HeardEvent[][] = [];
  private socket: WebSocket | undefined;
  private stopped = false;
  private listening: Promise<void> = Promise.resolve();

  constructor(
    private readonly stage: ClusterStage,
    private readonly instance: string,
    private readonly random: SeededRandom,
  ) {}

  start(): void {
    this.listening = this.listen();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.socket?.terminate();
    await this.listening;
  }

  private async listen(): Promise<void> {
    while (!this.stopped) {
      const { url } = this.random.pick(this.stage.nodes);
      if (url !== undefined) await this.listenTo(`${url.replace(/^http/, 'ws')}/ws/${this.instance}`);
      if (!this.stopped) await sleep(BETWEEN_TRIES_MS);
    }
  }

  /** Resolves when the socket has closed. */
  private listenTo(url: string): Promise<void> {
    const events: HeardEvent[] = [];
    this.heard.push(events);
    return new Promise((resolve) => {
      const socket = new WebSocket(url, { headers: { token: this.stage.token }, handshakeTimeout: 5000 });
      this.socket = socket;
      socket.on('message', (data: Buffer) => {
        const event = parseCallEvent(data.toString('utf8'), Date.now());
        if (event) events.push(event);
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
    });
  }
}
