import { once } from 'node:events';
import { request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { EventBus } from '../../../src/common/events/event-bus.js';
import { RequestAnswered } from '../../../src/common/http/request-answered.event.js';
import { requestId } from '../../../src/common/http/request-id.js';
import { RequestReports } from '../../../src/common/http/request-reports.js';
import { InstanceNames } from '../../../src/common/logging/instance-names.js';
import { PinoLog } from '../../../src/common/logging/pino-log.js';
import { SystemClock } from '../../../src/common/time/system-clock.js';

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
