import { EventEmitter, once } from 'node:events';
import { request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { EventBus } from '../../../src/common/events/event-bus.js';
import { RequestAnswered } from '../../../src/common/http/request-answered.event.js';
import { requestId } from '../../../src/common/http/request-id.js';
import { RequestReports } from '../../../src/common/http/request-reports.js';
import { InstanceNames } from '../../../src/common/logging/instance-names.js';
import { PinoLog } from '../../../src/common/logging/pino-log.js';
import { SystemClock } from '../../../src/common/time/system-clock.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SilentLog } from '../../support/silent-log.js';

type Line = Record<string, unknown>;

describe('a request in the log', () => {
  const lines: Line[] = [];
  const told: RequestAnswered[] = [];
  const instanceNames = new InstanceNames();
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  const log = PinoLog.create('debug', { destination, instanceNames });
  const clock = new SystemClock();
  const gates: (() => void)[] = [];
  let goOn: () => void = () => undefined;
  const later = new Promise<void>((resolve) => (goOn = resolve));
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const events = new EventBus(log);
    events.on(RequestAnswered, (event) => void told.push(event));
    const reports = new RequestReports(log, events, clock);
    const app = express();
    app.use(requestId, reports.watch.bind(reports));
    app.get('/api/work/:instance', async (_request, response) => {
      // What a request leaves running.
      void later.then(() => log.info('Later', { instanceId: 'i1' }));
      await clock.sleep(5);
      log.info('Working', { instanceId: 'i1' });
      response.send('done');
    });
    app.get('/api/hang', () => gates.forEach((open) => open()));
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const until = async (found: () => boolean) => {
    while (!found()) await clock.sleep(5);
  };
  const saying = (msg: string) => lines.filter((line) => line.msg === msg);

  it('gives its id to every line that is written meanwhile, also when several are handled at once', async () => {
    instanceNames.remember('i1', 'shop');
    const ids = Array.from({ length: 20 }, (_, index) => `r-${index}`);
    const answers = await Promise.all(
      ids.map((id) => fetch(`${url}/api/work/secret`, { headers: { 'X-Request-Id': id } })),
    );
    for (const [index, answer] of answers.entries()) {
      expect(answer.headers.get('x-request-id')).toBe(ids[index]);
    }
    expect(
      saying('Working')
        .map((line) => line.requestId)
        .sort(),
    ).toEqual([...ids].sort());
    for (const line of saying('Working')) expect(line).toMatchObject({ instanceId: 'i1', instance: 'shop' });
  });

  it('is told once, by the template of its route', async () => {
    await until(() => told.length === 20);
    for (const event of told) {
      expect(event).toMatchObject({ method: 'GET', route: '/api/work/:instance', status: 200 });
      expect(event.durationMs).toBeGreaterThan(3);
    }
    expect(JSON.stringify([lines, told])).not.toContain('/secret');
  });

  it('does not give its id to what it leaves running', async () => {
    goOn();
    await until(() => saying('Later').length === 20);
    for (const line of saying('Later')) expect(line).not.toHaveProperty('requestId');
  });

  it('is told as 499 when its client leaves before the answer', async () => {
    const arrived = new Promise<void>((resolve) => gates.push(resolve));
    const client = httpRequest(`${url}/api/hang`);
    client.on('error', () => undefined);
    client.end();
    await arrived;
    client.destroy();
    await until(() => told.some(({ route }) => route === '/api/hang'));
    expect(told.filter(({ route }) => route === '/api/hang')).toMatchObject([{ status: 499 }]);
  });
});

describe('requests that are refused before any work', () => {
  const MINUTE_MS = 60_000;
  const refusals = [
    { status: 401, code: 'invalid_token' },
    { status: 401, code: 'missing_token' },
    { status: 404, code: 'route_not_found' },
    { status: 405, code: 'method_not_allowed' },
    { status: 408, code: 'request_timeout' },
    { status: 413, code: 'body_too_large' },
    { status: 414, code: 'address_too_long' },
    { status: 429, code: 'rate_limited' },
    { status: 431, code: 'headers_too_large' },
    { status: 403, code: 'instance_mismatch' },
  ];

  function open() {
    const log = new SilentLog();
    const clock = new ManualClock();
    const events = new EventBus(log);
    const measured: RequestAnswered[] = [];
    events.on(RequestAnswered, (event) => void measured.push(event));
    const reports = new RequestReports(log, events, clock);
    /** One request with that end. */
    const answer = (
      status: number,
      code?: string,
      { route = '/api/call/list/:instance', caller = false } = {},
    ) => {
      const request = {
        method: 'GET',
        ...(route && { route: { path: route } }),
        ...(caller && { caller: {} }),
      };
      const response = Object.assign(new EventEmitter(), {
        headersSent: status !== 499,
        statusCode: status,
        getHeader: (name: string) => (name === 'X-Error-Code' ? code : 'r-1'),
      });
      reports.watch(request as unknown as Request, response as unknown as Response, () => undefined);
      response.emit('close');
    };
    const written = (status?: number) =>
      log.lines.filter(
        ({ sentence, details }) =>
          sentence === 'A request was answered' && (status === undefined || details.status === status),
      );
    const summaries = () => log.lines.filter(({ sentence }) => sentence === 'More requests were refused');
    return { log, clock, reports, measured, answer, written, summaries };
  }

  it.each(refusals)('have 60 lines a minute and a count ($status $code)', async ({ status, code }) => {
    const { clock, measured, answer, written, summaries } = open();
    for (let request = 0; request < 1000; request += 1) answer(status, code, { caller: true });
    expect(written()).toHaveLength(60);
    expect(measured).toHaveLength(1000);
    await clock.advance(MINUTE_MS);
    expect(summaries()).toEqual([
      {
        level: 'info',
        sentence: 'More requests were refused',
        details: { requests: 940, refusals: { [`${status} ${code}`]: 940 } },
      },
    ]);
  });

  it('have one summary for all kinds, and are logged again in the next minute', async () => {
    const { clock, answer, written, summaries } = open();
    for (let request = 0; request < 100; request += 1) {
      answer(401, 'missing_token');
      answer(401, 'invalid_token');
      answer(404, 'route_not_found', { route: '' });
    }
    expect([written(401), written(404)].map(({ length }) => length)).toEqual([60, 60]);
    await clock.advance(MINUTE_MS);
    expect(summaries()).toMatchObject([
      {
        details: {
          requests: 180,
          refusals: { '401 missing_token': 70, '401 invalid_token': 70, '404 route_not_found': 40 },
        },
      },
    ]);
    answer(401, 'missing_token');
    expect(written(401)).toHaveLength(61);
  });

  it('are those that came before a token was known, also when the client left or the database is away', () => {
    const { answer, written } = open();
    for (let request = 0; request < 100; request += 1) {
      answer(499);
      answer(503, 'database_unavailable');
      answer(400, 'bad_request', { route: '' });
    }
    expect([499, 503, 400].map((status) => written(status).length)).toEqual([60, 60, 60]);
  });

  it.each([
    { status: 200 },
    { status: 400, code: 'invalid_number' },
    { status: 404, code: 'instance_not_found' },
    { status: 429, code: 'whatsapp_restricted' },
    { status: 499 },
    { status: 500, code: 'internal_error' },
    { status: 503, code: 'database_unavailable' },
  ])(
    'leave its line to every other request, however many strangers come ($status $code)',
    ({ status, code }) => {
      const { answer, written } = open();
      for (let request = 0; request < 200; request += 1) {
        for (const refusal of refusals) answer(refusal.status, refusal.code);
        answer(499);
        answer(503, 'database_unavailable');
        answer(status, code, { route: '/api/call/fake/:instance', caller: true });
      }
      expect(written().filter(({ details }) => details.route === '/api/call/fake/:instance')).toHaveLength(
        200,
      );
    },
  );

  it('are counted to the end when the server closes', () => {
    const { reports, answer, summaries } = open();
    for (let request = 0; request < 61; request += 1) answer(401, 'missing_token');
    reports.flush();
    expect(summaries()).toMatchObject([{ details: { requests: 1 } }]);
  });
});
