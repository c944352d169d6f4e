import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { Rule } from './rule.js';

/** More rows than this are in no answer: a list is built in memory, and others build theirs at the same time. */
const MAX_LIMIT = 200;

/** Names and labels have at most this many characters. */
const MAX_NAME_LENGTH = 100;

/** Which part of a list that is sorted by name. */
export interface PageWish {
  readonly limit: number;
  /** The name at which the page before ended; `undefined` = from the beginning. */
  readonly after: string | undefined;
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** `null`: there is nothing behind this page. */
  readonly nextCursor: string | null;
}

/** The first page as long as it may be. */
export const FIRST_PAGE: PageWish = { limit: MAX_LIMIT, after: undefined };

/** Query of a list that is sorted by name. */
export class PageQuery {
  @PageLimit('At most this many on a page')
  limit?: string;

  @ApiPropertyOptional({
    type: String,
    description: 'Where the page before ended: its `meta.nextCursor`',
    example: 'c2hvcA',
  })
  @IsOptional()
  @Rule('isCursor', (value) => decodeCursor(value) !== undefined, 'is not one that a list answered')
  cursor?: string;

  toPage(): PageWish {
    return {
      limit: this.limit === undefined ? MAX_LIMIT : Number(this.limit),
      after: decodeCursor(this.cursor),
    };
  }
}

export class PageMeta {
  @ApiProperty({
    description: 'Asks for the next page as `cursor`; `null` when this is the last one',
    type: String,
    nullable: true,
    example: null,
  })
  nextCursor: string | null;
}

/** @param found rows behind `wish.after`, one more than the page may have if there are so many */
export function pageOf<T>(found: readonly T[], { limit }: PageWish, nameOf: (row: T) => string): Page<T> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const isMore = found.length > rows.length && last !== undefined;
  return { rows, nextCursor: isMore ? Buffer.from(nameOf(last)).toString('base64url') : null };
}

/** `undefined`: not a cursor of ours. */
function decodeCursor(cursor: unknown): string | undefined {
  if (typeof cursor !== 'string') return undefined;
  const name = Buffer.from(cursor, 'base64url').toString('utf8');
  // Also what PostgreSQL could not take as text.
  if (name === '' || name.length > MAX_NAME_LENGTH || /\p{Cc}/u.test(name)) return undefined;
  return Buffer.from(name).toString('base64url') === cursor ? name : undefined;
}

/** The most rows of a list that a query asks for. */
export function PageLimit(description: string, fallback = MAX_LIMIT) {
  return applyDecorators(
    ApiPropertyOptional({
      type: 'integer',
      minimum: 1,
      maximum: MAX_LIMIT,
      default: fallback,
      description,
      example: fallback,
    }),
    IsOptional(),
    Rule('isLimit', isLimit, `must be a whole number from 1 to ${MAX_LIMIT}`),
  );
}

function isLimit(value: unknown): boolean {
  return (
    typeof value === 'string' && /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_LIMIT
  );
}
