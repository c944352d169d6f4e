import type { OpenAPIObject } from '@nestjs/swagger';

type PathItem = OpenAPIObject['paths'][string];
export type Operation = NonNullable<PathItem['get']>;
type Method = (typeof METHODS)[number];

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** One operation of a document and where it stands. */
export interface PlacedOperation {
  readonly path: string;
  readonly method: Method;
  readonly item: PathItem;
  readonly operation: Operation;
}

/** All operations of a document. */
export function operationsOf(document: OpenAPIObject): PlacedOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ path, method, item, operation }] : [];
    }),
  );
}

/** True for the routes of tenants and administrators, which need a token. */
export function isClosed({ path }: PlacedOperation): boolean {
  return path.startsWith('/api/') || path.startsWith('/ws/');
}

export function isOnInstance({ path }: PlacedOperation): boolean {
  return path.includes('{instance}');
}
