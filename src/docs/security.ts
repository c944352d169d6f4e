import type { OpenAPIObject } from '@nestjs/swagger';
import { BEARER_SCHEME, SECURITY_SCHEMES } from '../common/http/caller.js';
import { isClosed, operationsOf } from './operations.js';

/** Swagger UI sends all tokens that were entered; of those that share a header the last one named here goes out. */
const ORDER = [BEARER_SCHEME, SECURITY_SCHEMES.admin, SECURITY_SCHEMES.instance, SECURITY_SCHEMES.account];

/** A route that names no kind of token takes those of tenants; each may be sent as a Bearer token too. */
export function addSecurity(document: OpenAPIObject): void {
  for (const { operation } of operationsOf(document).filter(isClosed)) {
    const kinds = operation.security?.flatMap((one) => Object.keys(one)) ?? [
      SECURITY_SCHEMES.account,
      SECURITY_SCHEMES.instance,
    ];
    // Somebody who entered both tokens means the account's, which opens more.
    operation.security = ORDER.filter((name) => name === BEARER_SCHEME || kinds.includes(name)).map(
      (name) => ({ [name]: [] }),
    );
  }
}
