import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PageEvents } from '../support/page-events.js';

const TSC = path.resolve('node_modules/typescript/bin/tsc');
const BUILD_TIMEOUT_MS = 180_000;
const START_TIMEOUT_MS = 90_000;
const CALLEE = '5511999999999';
/** The requests of a minute are limited, as for a user. */
const POLL_MS = 300;

interface OpenApiBody {
  readonly properties: Readonly<Record<string, { readonly example?: unknown }>>;
}

/** `npm run demo` after its build, with nobody at the keyboard. */
describe('the demo', () => {
  let demo: ChildProcess;
  let output = '';
  let url = '';
  let control = '';
  let token = '';

  beforeAll(async () => {
    const build = spawnSync(process.execPath, [TSC, '-p', 'tsconfig.tools.json'], { encoding: 'utf8' });
    expect(build.stdout).toBe('');
    demo = spawn(process.execPath, ['dist-tools/test/demo/main.js'], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [demo.stdout, demo.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    await until(() => /\/code -d/.test(output), START_TIMEOUT_MS);
    url = /Documentation: (http:\S+)\/docs/.exec(output)?.[1] ?? '';
    control = /curl -X POST (http:\S+)\/scan/.exec(output)?.[1] ?? '';
    token = /^Token: (rda_\S+)$/m.exec(output)?.[1] ?? '';
  }, BUILD_TIMEOUT_MS + START_TIMEOUT_MS);

  afterAll(async () => {
    if (demo.exitCode !== null) return;
    demo.kill('SIGKILL');
    await once(demo, 'close');
  });

  async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await condition())) {
      if (demo.exitCode !== null || Date.now() > deadline)
        throw new Error(`it did not come to that\n${output}`);
      await sleep(POLL_MS);
    }
  }

  async function api(method: string, route: string, body?: unknown): Promise<Record<string, unknown>> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(url + route, { method, headers: { token }, ...sent });
    return (await response.json()) as Record<string, unknown>;
  }

  const press = async (what: string, body?: string): Promise<[status: number, line: string]> => {
    const response = await fetch(`${control}/${what}`, { method: 'POST', body });
    return [response.status, (await response.text()).trim()];
  };

  async function untilConnected(instance: string): Promise<void> {
    await until(async () => {
      const { instances } = await api('GET', `/api/instance/list?instanceName=${instance}`);
      return JSON.stringify(instances).includes('"status":"connected"');
    });
  }

  it('shows a call that rings, one that is declined and one that is answered', () => {
    expect(output).toContain('has scanned the QR code of the instance "shop"');
    expect(output.match(/→ outcome: \w+/g)).toEqual([
      '→ outcome: completed',
      '→ outcome: rejected',
      '→ outcome: answered',
    ]);
  });

  it('rings when the example of Swagger UI is executed as it is', async () => {
    const document = (await (await fetch(`${url}/docs/openapi.json`)).json()) as {
      readonly components: { readonly schemas: Readonly<Record<string, OpenApiBody>> };
    };
    const { properties } = document.components.schemas['FakeCallDto'] ?? { properties: {} };
    const example = Object.fromEntries(
      Object.entries(properties).map(([field, { example: value }]) => [field, value]),
    );

    const answer = await api('POST', '/api/call/fake/shop', example);

    expect(answer).toMatchObject({ success: true, number: CALLEE });
    await until(async () => {
      const found = await api('GET', `/api/call/info/shop?callId=${String(answer.callId)}`);
      return JSON.stringify(found).includes('"state":"ringing"');
    });
    await api('POST', '/api/call/cancel/shop', { callId: answer.callId });
  });

  it('says what to do when there is no code to scan or to type', async () => {
    expect(await press('scan')).toEqual([
      409,
      'No instance shows a QR code: GET /api/instance/connect/<instance> makes one.',
    ]);
    expect(await press('code', 'ABCD1234')).toEqual([
      409,
      'No pairing code is shown: GET /api/instance/connect/<instance>?number=<number> makes one.',
    ]);
    expect((await press('else'))[0]).toBe(404);
    expect((await fetch(`${control}/scan`)).status).toBe(404);
  });

  it('lets a phone scan the QR code again after a logout', async () => {
    await api('DELETE', '/api/instance/logout/shop');
    await api('GET', '/api/instance/connect/shop');

    expect(await press('scan')).toEqual([
      200,
      'A phone (5511900000001) has scanned the QR code of the instance "shop".',
    ]);
    await untilConnected('shop');
  });

  it('lets a phone scan what the pairing page shows', async () => {
    await api('POST', '/api/instance/new', { name: 'second' });
    const { url: link } = await api('POST', '/api/instance/share/second');
    const page = await PageEvents.open(`${String(link)}/events`);
    await page.until('qr');

    expect((await press('scan'))[0]).toBe(200);

    expect(await page.until('connected')).toEqual({ phase: 'connected', number: '5511900000002' });
    await page.close();
  });

  it('lets a pairing code be typed on the phone for which it was made, after a wrong one too', async () => {
    await api('POST', '/api/instance/new', { name: 'third' });
    const { pairingCode } = await api('GET', '/api/instance/connect/third?number=5511966666666');
    expect(pairingCode).toMatch(/^[A-Z0-9]{8}$/);

    expect(await press('code', 'AAAAAAAA')).toEqual([409, 'The code is wrong.']);
    const shown = String(pairingCode).toLowerCase();
    expect(await press('code', `${shown.slice(0, 4)}-${shown.slice(4)}\n`)).toEqual([
      200,
      `The code ${String(pairingCode)} was typed on the phone 5511966666666.`,
    ]);
    await untilConnected('third');
  });

  it('ends in order although it is interrupted twice', async () => {
    const ended = once(demo, 'close');
    demo.kill('SIGINT');
    await sleep(10);
    demo.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });
});
