import { readFileSync } from 'node:fs';
import { MAX_SOCKETS_PER_INSTANCE } from '../../../src/live/websocket.errors.js';
import { MAX_ENABLED_WEBHOOKS, MAX_WEBHOOKS } from '../../../src/webhooks/store/webhook-values.js';

const policy = readFileSync('SECURITY.md', 'utf8');
const constant = (file: string, name: string): string =>
  new RegExp(`const ${name} = ([^;]+);`).exec(readFileSync(file, 'utf8'))?.[1] ?? `${name} is not in ${file}`;

describe('SECURITY.md', () => {
  it('is linked from the README and says how to report, what tenants are promised and what operators must do', () => {
    expect(readFileSync('README.md', 'utf8')).toContain('](SECURITY.md)');
    const headings = [
      '## Reporting',
      '## What is promised between tenants',
      '## What an operator must do',
      '## Packages',
    ];
    expect(policy.match(/^## .*$/gm)).toEqual(headings);
  });

  it('names only settings and commands that exist', () => {
    const settings = new Set(readFileSync('.env.example', 'utf8').match(/[A-Z]+(?:_[A-Z]+)+/g));
    const named = policy.match(/`[A-Z]+(?:_[A-Z]+)+`/g) ?? [];
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !settings.has(name.slice(1, -1)))).toEqual([]);
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };
    const commands = [...policy.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name);
    expect(commands.filter((name) => !Object.keys(scripts).includes(name ?? ''))).toEqual([]);
  });

  it('promises the limits that the code has', () => {
    expect(policy).toContain(
      `; ${constant('src/auth/request-places.guard.ts', 'PLACES_PER_ACCOUNT')} in work at a time`,
    );
    expect(constant('src/auth/refusal-pace.ts', 'PACE')).toBe('{ burst: 50, everyMs: 10 }');
    expect(policy).toContain('; refusals come a hundred a second');
    expect(constant('src/whatsapp/connect-pace.ts', 'PACE')).toBe('{ burst: 6, everyMs: 10_000 }');
    expect(policy).toContain('; 6 connects of one phone, then one each 10 seconds');
    const pipelined = constant('src/common/http/connection-places.ts', 'MAX_PIPELINED');
    expect(policy).toContain(`on each of them ${pipelined} requests at a time`);
    const handshakes = constant('src/live/websocket-upgrades.ts', 'HANDSHAKES_PER_ADDRESS');
    expect(policy).toContain(`and ${handshakes} of its WebSocket handshakes in work`);
    expect(constant('src/common/http/body-bytes.ts', 'LIMIT_BYTES')).toBe('100 * 1024');
    expect(policy).toContain(
      `100 KiB and ${constant('src/common/http/declared-fields.ts', 'MAX_VALUES')} values`,
    );
    expect(policy).toContain(`a page of ${constant('src/common/http/page-query.ts', 'MAX_LIMIT')} rows`);
    expect(policy).toContain(
      `${constant('src/whatsapp/connect-turns.ts', 'PLACES_PER_ACCOUNT')} of the 20 places`,
    );
    expect(constant('src/deliveries/delivery-places.ts', 'ACCOUNT_SHARE')).toBe('1 / 5');
    expect(policy).toContain(
      `no more than ${constant('src/deliveries/delivery-places.ts', 'PLACES_PER_WEBHOOK')} for one webhook`,
    );
    expect(policy).toContain(`| ${MAX_WEBHOOKS} for each instance, ${MAX_ENABLED_WEBHOOKS} of them enabled`);
    expect(policy).toContain(`| ${MAX_SOCKETS_PER_INSTANCE} for each instance, `);
  });
});
