import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { SealBroken, type SecretBox } from '../common/crypto/secret-box.js';
import { SEALED_COLUMNS, type SealedColumn } from './sealed-columns.js';
import { SealedValuesRepository, type Replacement, type SealedValue } from './sealed-values.repository.js';

/** What a rotation did. */
export interface RotationResult {
  readonly reencrypted: number;
  /** Values that none of the keys opens; they are left as they are. */
  readonly unreadable: number;
  /** Values that were still under an old key at the end: some process goes on sealing with it. */
  readonly remaining: number;
  readonly passes: number;
}

/** Told after every batch that held something to do. */
export interface RotationProgress {
  readonly table: string;
  readonly column: string;
  /** Of the whole rotation so far. */
  readonly reencrypted: number;
}

export interface RotationOptions {
  readonly batchSize?: number;
  /** Between passes, milliseconds: long enough for a write that was under way to arrive. */
  readonly settleMs?: number;
  onProgress?(progress: RotationProgress): void;
}

interface Pass {
  reencrypted: number;
  unreadable: number;
  /** Readable, but not replaced: locked, or written meanwhile. */
  missed: number;
}

const BATCH_SIZE = 500;
const SETTLE_MS = 1000;
const MAX_PASSES = 20;

/**
 * Seals everything anew with the current key, in batches, while the product runs. It can be stopped at any time and
 * started again: what is done is told by its own bytes. Passes are repeated until one finds nothing to do, because the
 * product may put back a value that it had read before.
 */
export class KeyRotation {
  private readonly batchSize: number;
  private readonly settleMs: number;
  private reencrypted = 0;

  constructor(
    private readonly database: DataSource,
    private readonly box: SecretBox,
    private readonly options: RotationOptions = {},
  ) {
    this.batchSize = options.batchSize ?? BATCH_SIZE;
    this.settleMs = options.settleMs ?? SETTLE_MS;
  }

  async run(): Promise<RotationResult> {
    for (let passes = 1; ; passes += 1) {
      const { reencrypted, unreadable, missed } = await this.pass();
      const isDone = reencrypted + missed === 0;
      if (isDone || passes === MAX_PASSES) {
        return {
          reencrypted: this.reencrypted,
          unreadable,
          remaining: isDone ? 0 : reencrypted + missed,
          passes,
        };
      }
      await sleep(this.settleMs);
    }
  }

  private async pass(): Promise<Pass> {
    const pass: Pass = { reencrypted: 0, unreadable: 0, missed: 0 };
    for (const column of SEALED_COLUMNS) await this.rotate(column, pass);
    return pass;
  }

  private async rotate(column: SealedColumn, pass: Pass): Promise<void> {
    const values = new SealedValuesRepository(this.database, column);
    let after: readonly string[] | undefined;
    for (;;) {
      const batch = await values.findOthers(this.box.currentHeader, after, this.batchSize);
      after = batch.at(-1)?.keyValues;
      if (after === undefined) return;
      const replacements = batch.flatMap((value) => this.resealed(value, column) ?? []);
      const replaced = replacements.length === 0 ? 0 : await values.replace(replacements);
      pass.reencrypted += replaced;
      pass.missed += replacements.length - replaced;
      pass.unreadable += batch.length - replacements.length;
      this.reencrypted += replaced;
      this.options.onProgress?.({
        table: column.table,
        column: column.column,
        reencrypted: this.reencrypted,
      });
    }
  }

  /** `undefined` for what does not open. */
  private resealed({ keyValues, sealed }: SealedValue, column: SealedColumn): Replacement | undefined {
    const place = column.place(keyValues);
    try {
      return { keyValues, sealed, fresh: this.box.seal(this.box.open(sealed, place), place) };
    } catch (error) {
      if (error instanceof SealBroken) return undefined;
      throw error;
    }
  }
}
