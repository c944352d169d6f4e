import path from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Client {
  json(method: string, path: string, body?: object): Promise<unknown>;
  politeMs(wishedMs: number, reserve: number): number;
}

interface ApiClientModule {
  readonly ApiClient: new (token: string) => Client;
}

interface WordsModule {
  readonly callInWords: (call: object) => string;
  readonly numberOf: (jid: string | null) => string | null;
  readonly offset: (from: string, to: string) => string;
}

interface PollerModule {
  readonly Poller: new (
    client: Pick<Client, 'politeMs'>,
    pace: { intervalMs: number; isWatched?: boolean },
    ask: () => Promise<void>,
    onTrouble: (error: unknown) => void,
  ) => { now(): Promise<void>; stop(): void };
}

/** The scripts of the page are no part of the TypeScript program; these are the parts that need no document. */
const load = async <T>(file: string): Promise<T> =>
  (await import(pathToFileURL(path.resolve('src/console/public', file)).href)) as T;

export const loadApiClient = () => load<ApiClientModule>('api-client.js');
export const loadWords = () => load<WordsModule>('words.js');
export const loadPoller = () => load<PollerModule>('poller.js');
