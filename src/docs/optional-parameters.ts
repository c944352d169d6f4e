import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf } from './operations.js';

/**
 * Leaves the fields of optional parameters empty until the reader fills them. Swagger UI sends the `example` of every
 * parameter along; those in a schema's `examples` it only shows.
 */
export function leaveOptionalParametersEmpty(document: OpenAPIObject): void {
  for (const { operation } of operationsOf(document)) {
    for (const parameter of operation.parameters ?? []) {
      if ('$ref' in parameter || parameter.required) continue;
      const { schema } = parameter;
      if (!schema || '$ref' in schema) continue;
      const example: unknown = parameter.example ?? schema.example;
      if (example === undefined) continue;
      delete parameter.example;
      delete schema.example;
      schema.examples = [example];
    }
  }
}
