import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf, type PlacedOperation } from './operations.js';

/**
 * Routes on an instance also answer the path without a name, only to say that it is missing. Such a path documents a
 * parameter that it does not have, which is no valid OpenAPI, and nobody should use it.
 */
export function removeAliasPaths(document: OpenAPIObject): void {
  for (const placed of operationsOf(document)) {
    if (hasForeignParameter(placed)) delete placed.item[placed.method];
    // A route with several paths gets an operation id with an index for each; now it has one.
    placed.operation.operationId = placed.operation.operationId?.replace(/\[\d+\]$/, '');
  }
  for (const [path, item] of Object.entries(document.paths)) {
    // A route of its own for HEAD only refuses it.
    delete item.head;
    if (Object.keys(item).length === 0) delete document.paths[path];
  }
}

function hasForeignParameter({ path, operation }: PlacedOperation): boolean {
  return (operation.parameters ?? []).some(
    (parameter) => 'in' in parameter && parameter.in === 'path' && !path.includes(`{${parameter.name}}`),
  );
}
