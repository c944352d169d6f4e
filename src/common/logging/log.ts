/** Facts that go with a log line. Phone numbers must be masked before they come here; secrets never come here. */
export type LogDetails = Readonly<Record<string, unknown>>;

/** The log in our words: a constant sentence plus an object. */
export abstract class Log {
  /** Someone must act. */
  abstract error(sentence: string, details?: LogDetails): void;
  /** Went wrong, was handled. */
  abstract warn(sentence: string, details?: LogDetails): void;
  /** A boundary of a lifecycle. */
  abstract info(sentence: string, details?: LogDetails): void;
  /** One line per operation. */
  abstract debug(sentence: string, details?: LogDetails): void;
}
