import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** The highest revision that was learned, for the whole installation. */
export interface StoredRevision {
  readonly revision: number;
  /** When WhatsApp Web was last seen to use it. */
  readonly learnedAt: Date;
}

/** Which questions are due. */
export type DueQuestion =
  /** Nothing was learned for nearly a day. */
  | 'daily'
  /** WhatsApp refuses the version in use. */
  | 'refused';

/** One question in five minutes whatever happens, over all processes and restarts. */
const BETWEEN_QUESTIONS = `(asked_at IS NULL OR asked_at < clock_timestamp() - interval '5 minutes')`;
/** The processes of an installation look once a day each, at different times: who comes second finds the answer of the first. */
const NOT_LEARNED_TODAY = `(learned_at IS NULL OR learned_at < clock_timestamp() - interval '20 hours')`;
/** The longest question takes 40 s; a process that has not noted its end by then was killed. */
const UNDER_WAY = `(asked_at > clock_timestamp() - interval '45 seconds' AND coalesce(answered_at < asked_at, true))`;

const DUE: Readonly<Record<DueQuestion, string>> = {
  daily: `${BETWEEN_QUESTIONS} AND ${NOT_LEARNED_TODAY}`,
  refused: BETWEEN_QUESTIONS,
};

/** The one row about the version of WhatsApp Web, by the clock of the database alone. */
@Injectable()
export class ClientVersionRepository {
  constructor(private readonly database: DataSource) {}

  /** `undefined`: nothing was ever learned. */
  async load(): Promise<StoredRevision | undefined> {
    // A bigint comes as text.
    const [row] = await this.database.query<{ revision: string; learnedAt: Date }[]>(
      `SELECT revision, learned_at AS "learnedAt" FROM whatsapp_web_version WHERE revision IS NOT NULL`,
    );
    return row && { revision: Number(row.revision), learnedAt: row.learnedAt };
  }

  /** True: the question is due, and this process is the one to ask it. It notes the end with `answered`. */
  async claim(question: DueQuestion): Promise<boolean> {
    const [rows] = await this.database.query<[unknown[], number]>(
      `UPDATE whatsapp_web_version SET asked_at = clock_timestamp() WHERE ${DUE[question]} RETURNING 1`,
    );
    return rows.length > 0;
  }

  /** True while a process is asking. */
  async isUnderWay(): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(`SELECT FROM whatsapp_web_version WHERE ${UNDER_WAY}`);
    return rows.length > 0;
  }

  /**
   * The question is over.
   * @param revision that WhatsApp Web was seen to use; one that is lower than what is stored changes nothing
   */
  async answered(revision: number | undefined): Promise<void> {
    await this.database.query(
      `UPDATE whatsapp_web_version SET answered_at = clock_timestamp(),
         learned_at = CASE WHEN $1 >= coalesce(revision, 0) THEN clock_timestamp() ELSE learned_at END,
         revision = greatest(revision, $1)`,
      [revision ?? null],
    );
  }
}
