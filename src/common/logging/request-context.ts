import { AsyncLocalStorage } from 'node:async_hooks';

interface RunningRequest {
  readonly requestId: string;
  isOver: boolean;
}

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
