import { AsyncLocalStorage } from 'node:async_hooks';

interface RunningRequest {
  readonly requestId: string;
  isOver: boolean;
}

/**
 * One for the process. On Node 20 each store that was ever used makes every promise dearer: measured, the first costs some 70 ns
 * for each await and 70 bytes for each pending promise, the second 50 ns and 25 bytes. Baileys 7.0.0-rc14 makes one for each
 * socket, and beside 50 of those one more was within the noise.
 */
const requests = new AsyncLocalStorage<RunningRequest>();

/**
 * Handles a request: lines that are logged meanwhile carry its id. What a request leaves running, a session for example,
 * inherits the context, but goes on without the id once the request is over.
 * @returns a function that tells that the request is over
 */
export function inRequest(requestId: string, handle: () => void): () => void {
  const request: RunningRequest = { requestId, isOver: false };
  requests.run(request, handle);
  return () => (request.isOver = true);
}

/** `undefined` outside of requests. */
export function currentRequestId(): string | undefined {
  const request = requests.getStore();
  return request?.isOver === false ? request.requestId : undefined;
}
