import type { OpenAPIObject } from '@nestjs/swagger';
import { addSecurity } from '../../../src/docs/security.js';

const documentWith = (path: string, security?: Record<string, string[]>[]): OpenAPIObject => ({
  openapi: '3.1.0',
  info: { title: 'test', version: '1' },
  paths: { [path]: { get: { responses: {}, ...(security && { security }) } } },
});

/** The schemes of the only route, in their order. Swagger UI sends the last of those that share a header. */
function schemesOf(document: OpenAPIObject): string[] | undefined {
  addSecurity(document);
  const [item] = Object.values(document.paths);
  return item?.get?.security?.flatMap((one) => Object.keys(one));
}

describe('the tokens that Swagger UI sends', () => {
  it('send the token of the account when that of an instance was entered too', () => {
    expect(schemesOf(documentWith('/api/instance/list'))).toEqual([
      'Bearer',
      'TokenInstance',
      'TokenAccount',
    ]);
  });

  it('keep to the kinds that a route takes', () => {
    expect(schemesOf(documentWith('/api/account/list', [{ AdminToken: [] }]))).toEqual([
      'Bearer',
      'AdminToken',
    ]);
    expect(schemesOf(documentWith('/api/instance/new', [{ TokenAccount: [] }]))).toEqual([
      'Bearer',
      'TokenAccount',
    ]);
  });

  it('are not asked for by routes that are open to everybody', () => {
    expect(schemesOf(documentWith('/health'))).toBeUndefined();
  });
});
