import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodeOf } from '../../common/errors/error-code.js';
import { processIsAlive, processStartMark } from './process-table.js';

/** Long enough for a rival that read the file at the same moment to have written it. */
const SETTLE_MS = 50;

interface Claim {
  pid: number;
  startMark: string | null;
  nonce: string;
}

/** The claims made by this process. A claim with our pid that is not among them was left by a predecessor (pid 1 in a container). */
const ownNonces = new Set<string>();

/**
 * Says which application starts, restarts and stops the server of a data directory: the one whose claim is in the file.
 *
 * The file prevents useless work and a stop under another application's feet. It does not protect the data: PostgreSQL's own lock does.
 */
export class Ownership {
  private readonly nonce = randomUUID();

  constructor(private readonly file: string) {
    ownNonces.add(this.nonce);
  }

  /** Claims the directory unless a living application has it. True when this application owns it afterwards. */
  async claim(): Promise<boolean> {
    const claim = readClaim(this.file);
    if (claim?.nonce === this.nonce) return true;
    if (claim !== null && isLive(claim)) return false;
    return this.takeOver();
  }

  /** Claims the directory whoever has it. False when somebody else did the same a moment later: the last one wins. */
  async takeOver(): Promise<boolean> {
    const claim: Claim = { pid: process.pid, startMark: processStartMark(process.pid), nonce: this.nonce };
    const draft = `${this.file}.${this.nonce}`;
    // Synchronous from the read in claim() on, to keep the window between two rivals far below SETTLE_MS.
    writeFileSync(draft, JSON.stringify(claim), { mode: 0o600 });
    renameSync(draft, this.file);
    await sleep(SETTLE_MS);
    return this.isMine();
  }

  /** Synchronous, because the exit handler of the process asks. */
  isMine(): boolean {
    return readClaim(this.file)?.nonce === this.nonce;
  }

  release(): void {
    if (this.isMine()) rmSync(this.file, { force: true });
    ownNonces.delete(this.nonce);
  }
}

function isLive(claim: Claim): boolean {
  if (ownNonces.has(claim.nonce)) return true;
  if (claim.pid === process.pid || !processIsAlive(claim.pid)) return false;
  const startMark = processStartMark(claim.pid);
  return claim.startMark === null || startMark === null || claim.startMark === startMark;
}

function readClaim(file: string): Claim | null {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // A torn or foreign file claims nothing; a file that may not be read is a fault to report.
    if (error instanceof SyntaxError || errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { pid, startMark, nonce }: { pid?: unknown; startMark?: unknown; nonce?: unknown } = value;
  if (typeof pid !== 'number' || typeof nonce !== 'string') return null;
  return { pid, startMark: typeof startMark === 'string' ? startMark : null, nonce };
}
