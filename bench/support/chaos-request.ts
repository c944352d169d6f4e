import type { Answer, Stage } from '../../test/support/stage.js';

/** A call that a client wants, under an idempotency key or not. */
export interface WantedCall {
  readonly instance: string;
  readonly number: string;
  readonly durationSeconds: number;
  readonly key: string | undefined;
  /** When the request is sent, milliseconds after the round began. */
  readonly afterMs: number;
}

const BETWEEN_TRIES_MS = 100;
const TRIES_LIMIT_MS = 30_000;

/** Sends the request once. `undefined`: the product died before it answered. */
export async function askOnce(stage: Stage, wanted: WantedCall): Promise<Answer | undefined> {
  const { instance, number, durationSeconds, key } = wanted;
  const headers: Record<string, string> = key === undefined ? {} : { 'Idempotency-Key': key };
  try {
    return await stage.call(instance, { number, duration: durationSeconds }, headers);
  } catch {
    return undefined;
  }
}

/** Sends the request again for as long as waiting is what the answer advises, as a careful client does. */
export async function askUntilAnswered(stage: Stage, wanted: WantedCall): Promise<Answer> {
  const deadline = Date.now() + TRIES_LIMIT_MS;
  for (;;) {
    const answer = await askOnce(stage, wanted);
    if (answer && answer.status !== 503) return answer;
    if (Date.now() > deadline) throw new Error(`no answer to the request for ${wanted.number}`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES_MS));
  }
}
