import type { OpenAPIObject } from '@nestjs/swagger';
import { leaveOptionalParametersEmpty } from '../../../src/docs/optional-parameters.js';

type Parameter = Extract<
  NonNullable<NonNullable<OpenAPIObject['paths'][string]['get']>['parameters']>[number],
  { name: string }
>;

describe('examples of parameters in the documentation', () => {
  it('are shown and not sent when the parameter is optional', () => {
    const [beside, inside] = parametersAfter([
      { name: 'number', in: 'query', required: false, example: '5511', schema: { type: 'string' } },
      { name: 'limit', in: 'query', schema: { type: 'integer', example: 0 } },
    ]);

    expect(beside).toEqual({
      name: 'number',
      in: 'query',
      required: false,
      schema: { type: 'string', examples: ['5511'] },
    });
    expect(inside).toEqual({ name: 'limit', in: 'query', schema: { type: 'integer', examples: [0] } });
  });

  it('fill the field of a parameter without which there is no request', () => {
    const required: Parameter = {
      name: 'instance',
      in: 'path',
      required: true,
      example: 'shop',
      schema: { type: 'string' },
    };

    expect(parametersAfter([{ ...required }])).toEqual([required]);
  });
});

function parametersAfter(parameters: Parameter[]): unknown[] {
  const document: OpenAPIObject = {
    openapi: '3.1.0',
    info: { title: 'Test', version: '1' },
    paths: { '/api/list': { get: { parameters, responses: {} } } },
  };
  leaveOptionalParametersEmpty(document);
  return document.paths['/api/list']?.get?.parameters ?? [];
}
