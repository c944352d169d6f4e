import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { EventStream } from '../../../src/pairing-page/event-stream.js';
import { ManualClock } from '../../support/manual-clock.js';
import { PageEvents } from '../../support/page-events.js';

describe('the events of a page', () => {
  const clock = new ManualClock();
  let server: Server;
  let page: PageEvents;
  let stream: EventStream;
  let seen: { closings: number };

  beforeEach(async () => {
    // Of this test alone: the stream of the test before may close late.
    const count = { closings: 0 };
    seen = count;
    const app = express().get('/', (_request, response) => {
      stream = new EventStream(response, clock);
      stream.onClosed(() => (count.closings += 1));
      stream.show({ phase: 'linking' });
    });
    server = createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    page = await PageEvents.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.until('linking');
  });

  afterEach(async () => {
    await page.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('come at once, numbered, and tell the browser when to come back', async () => {
    stream.show({ phase: 'expired' });
    await page.until('expired');
    expect(page.text).toBe(
      'retry: 3000\n\nid: 1\nevent: state\ndata: {"phase":"linking"}\n\nid: 2\nevent: state\ndata: {"phase":"expired"}\n\n',
    );
    expect(page.response.headers.get('x-accel-buffering')).toBe('no');
  });

  it('beat while there is nothing to tell', async () => {
    await clock.advance(14_999);
    expect(page.text).not.toContain('beat');
    await clock.advance(1);
    await until(() => page.text.endsWith('event: beat\ndata: 1\n\n'));
    await clock.advance(15_000);
    await until(() => page.text.split('event: beat').length === 3);
  });

  it('end once, with nothing left behind', async () => {
    stream.end();
    stream.end();
    stream.show({ phase: 'gone' });
    await page.ended;
    expect(page.phases).toEqual(['linking']);
    expect(seen.closings).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('notice that the page was closed', async () => {
    await page.close();
    await until(() => seen.closings === 1);
    stream.show({ phase: 'gone' });
    expect(clock.pendingTimers).toBe(0);
    let wasTold = false;
    stream.onClosed(() => (wasTold = true));
    expect(wasTold).toBe(true);
  });
});
