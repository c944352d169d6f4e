import { SecretWatch } from '../../support/secret-watch.js';

const TOKEN = 'rda_Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5';

describe('the watch over secrets', () => {
  let watch: SecretWatch;

  beforeEach(() => {
    watch = new SecretWatch();
    watch.learnEnvironment({
      ADMIN_TOKEN: 'admin-7f3c9a51e2d84b06',
      ENCRYPTION_KEY: 'ab'.repeat(32),
      DATABASE_URL: 'postgres://ringdrop:p%40ssword-17@127.0.0.1:5432/x',
      SIMULATOR_ROOT_KEY: 'public-root-key',
    });
    watch.learnBody({ number: '5511999990901', instance: { name: 'shop', token: 'rdi_0123456789abcdef' } });
    watch.learnBody({
      webhook: { secret: 'whsec_c2VjcmV0c2VjcmV0' },
      results: [{ number: '4915155501234' }],
    });
  });

  it('is content with what anybody may know', () => {
    watch.write(
      '{"msg":"A call was placed","number":"5511*****0901","instance":"shop","root":"public-root-key"}\n',
    );
    watch.writeAnswer('{"success":false,"error":{"message":"Invalid token"}}');
    watch.writeAnswer('ringdrop_http_request_duration_seconds_sum 0.0099990901');
    expect(() => watch.check()).not.toThrow();
  });

  it.each([
    ['ADMIN_TOKEN', 'admin-7f3c9a51e2d84b06'],
    ['ENCRYPTION_KEY', 'ab'.repeat(32)],
    ['password in DATABASE_URL', 'p@ssword-17'],
    ['password in DATABASE_URL', 'p%40ssword-17'],
    ['token', 'rdi_0123456789abcdef'],
    ['secret', Buffer.from('whsec_c2VjcmV0c2VjcmV0').toString('base64')],
    ['a number that ends in 01', '5511999990901'],
    ['a number that ends in 34', '155501234@s.whatsapp.net'],
  ])('finds the %s in the log and in failed answers, and does not repeat it', (name, leak) => {
    watch.write(`{"msg":"${leak}"}\n`);
    expect(() => watch.check()).toThrow(name);
    expect(() => watch.check()).not.toThrow(leak);
    const other = new SecretWatch();
    other.learnBody({ number: '5511999990901' });
    other.writeAnswer('5511999990901');
    expect(() => other.check()).toThrow('in a failed answer or the metrics');
  });

  it('lets a first start show its token to people, but not to the log', () => {
    watch.learn('first token', TOKEN);
    watch.write(`Token: ${TOKEN}\n`);
    expect(() => watch.check()).not.toThrow();
    watch.write(`{"headers":{"token":"${TOKEN}"}}\n`);
    expect(() => watch.check()).toThrow('first token');
  });
});
