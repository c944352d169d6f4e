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

const HELP = 'only with WEBHOOK_ALLOW_PRIVATE=true may webhooks go there';

describe('the target of a webhook', () => {
  it('must be public, and the refusal names the field as the client wrote it', () => {
    expect(refusalOf({}, 'https://example.com/hooks', 'url')).toBeUndefined();
    expect(refusalOf({}, 'http://127.0.0.1:8080/hooks', 'url')).toBe(
      `invalid_body: Invalid request body: url points to an address that is not public; ${HELP}`,
    );
    expect(refusalOf({}, 'http://10.1.2.3/', 'webhookURL')).toBe(
      `invalid_body: Invalid request body: webhookURL points to an address that is not public; ${HELP}`,
    );
  });

  it.each([
    'http://n8n:5678/x',
    'http://localhost/',
    'http://[::1]/',
    'http://nas.local/',
    'http://169.254.169.254/',
  ])('that is refused as private names the setting that allows it: %s', (url) =>
    expect(refusalOf({}, url, 'url')).toMatch(new RegExp(`^invalid_body: .* url points .*; ${HELP}$`)),
  );

  it.each(['ftp://n8n/x', 'http://n8n:25/x', 'http://user@n8n/x', 'http://n8n/x#y'])(
    'that no setting allows names none: %s',
    (url) => {
      expect(refusalOf({}, url, 'url')).toMatch(/^invalid_body: /);
      expect(refusalOf({}, url, 'url')).not.toContain('WEBHOOK_ALLOW_PRIVATE');
    },
  );

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
