import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

/** One row of an error table as the documentation shows it. */
export interface DocumentedError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** When it happens, if the message does not say it. */
  readonly when?: string;
}

/** Documents error rows: one response for each status, one named example for each row. */
export function ApiErrors(...rows: DocumentedError[]) {
  return applyDecorators(
    ...errorResponses(rows).map(([status, response]) => ApiResponse({ status, ...response })),
  );
}

/** The responses of an OpenAPI operation that tell these rows, by status. */
export function errorResponses(rows: readonly DocumentedError[]) {
  return [...groupByStatus(rows)].map(([status, group]) => [status, errorResponse(group)] as const);
}

function errorResponse(rows: readonly DocumentedError[]) {
  return {
    description: rows.map((row) => `\`${row.code}\`: ${row.when ?? row.message}`).join('  \n'),
    headers: {
      'X-Error-Code': { description: 'Stable code of the error', schema: { type: 'string' as const } },
    },
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/ErrorEnvelope' },
        examples: Object.fromEntries(
          rows.map((row) => [
            row.code,
            { summary: row.code, value: { success: false, error: { message: row.message } } },
          ]),
        ),
      },
    },
  };
}

function groupByStatus(rows: readonly DocumentedError[]): Map<number, DocumentedError[]> {
  const groups = new Map<number, DocumentedError[]>();
  for (const row of rows) groups.set(row.status, [...(groups.get(row.status) ?? []), row]);
  return groups;
}
