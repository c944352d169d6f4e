import { DomainError } from '../../../../src/common/errors/domain-error.js';
import { AllowedTargets } from '../../../../src/common/net/allowed-targets.js';
import { parseAppConfig } from '../../../../src/config/app-config.js';

const refusalOf = (env: Record<string, string>, url: string | null | undefined, field: string) => {
  try {
    new AllowedTargets(parseAppConfig(env)).requireAllowed(url, field);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return `${error.code}: ${error.message}`;
    throw error;
  }
};

describe('the target of a webhook', () => {
  it('must be public, and the refusal names the field as the client wrote it', () => {
    expect(refusalOf({}, 'https://example.com/hooks', 'url')).toBeUndefined();
    expect(refusalOf({}, 'http://127.0.0.1:8080/hooks', 'url')).toBe(
      'invalid_body: Invalid request body: url points to an address that is not public',
    );
    expect(refusalOf({}, 'http://10.1.2.3/', 'webhookURL')).toBe(
      'invalid_body: Invalid request body: webhookURL points to an address that is not public',
    );
  });

  it('may be private where the operator allows it, but is still an http address', () => {
    const env = { WEBHOOK_ALLOW_PRIVATE: 'true' };
    expect(refusalOf(env, 'http://127.0.0.1:8080/hooks', 'url')).toBeUndefined();
    expect(refusalOf(env, 'ftp://127.0.0.1/', 'url')).toMatch(
      /^invalid_body: Invalid request body: url must/,
    );
  });

  it('is not asked for when there is none', () => {
    expect(refusalOf({}, null, 'url')).toBeUndefined();
    expect(refusalOf({}, undefined, 'url')).toBeUndefined();
  });
});
