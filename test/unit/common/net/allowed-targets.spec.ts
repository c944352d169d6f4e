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

describe('the proxy of an instance', () => {
  const refusal = (env: Record<string, string>, host: string | null, port: number | null = 1080) => {
    try {
      new AllowedTargets(parseAppConfig(env)).requireAllowedProxy({ host, port });
      return undefined;
    } catch (error) {
      if (error instanceof DomainError) return `${error.code}: ${error.message}`;
      throw error;
    }
  };
  const HOW = '; only with PROXY_ALLOW_PRIVATE=true may proxies be there';

  it.each(['proxy.example.com', 'PROXY.example.com.', '8.8.8.8', '134744072', '2606:4700:4700::1111'])(
    'may be public: %s',
    (host) => {
      expect(refusal({}, host)).toBeUndefined();
    },
  );

  it.each([
    ...['127.0.0.1', '127.1', '0x7f.1', '2130706433', '0', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'],
    ...['10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1', '169.254.169.254', '168.63.129.16', 'fd00::1'],
  ])('is refused at the address %s, with the setting that allows it', (host) => {
    expect(refusal({}, host)).toBe(
      `invalid_body: Invalid request body: host points to an address that is not public${HOW}`,
    );
    expect(refusal({ PROXY_ALLOW_PRIVATE: 'true' }, host)).toBeUndefined();
  });

  it.each(['localhost', 'localhost.', 'LocalHost', 'squid', 'db.internal', 'printer.local', 'x.home.arpa'])(
    'is refused under the local name %s, with the setting that allows it',
    (host) => {
      expect(refusal({}, host)).toBe(
        `invalid_body: Invalid request body: host points to a name of a local network${HOW}`,
      );
      expect(refusal({ PROXY_ALLOW_PRIVATE: 'true' }, host)).toBeUndefined();
    },
  );

  it.each([22, 25, 53, 110, 143])('is refused at the port %i of a service that is no proxy', (port) => {
    expect(refusal({}, 'proxy.example.com', port)).toBe(
      'invalid_body: Invalid request body: port belongs to a service that is no proxy',
    );
  });

  it.each([80, 443, 1080, 3128, 6667, 10_080])('may have the port %i', (port) => {
    expect(refusal({}, 'proxy.example.com', port)).toBeUndefined();
  });

  it('is not asked for when there is none', () => {
    expect(refusal({}, null)).toBeUndefined();
  });
});
