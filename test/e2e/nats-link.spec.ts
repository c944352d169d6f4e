import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { ClientNats } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { NatsLink } from '../../src/cluster/nats/nats-link.js';
import { natsOptions } from '../../src/cluster/nats/nats-options.js';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { SystemClock } from '../../src/common/time/system-clock.js';
import { describeWithNats } from '../support/describe-with-nats.js';
import { TestNats } from '../support/nats.js';
import { SilentLog } from '../support/silent-log.js';

const LONG_MS = 30_000;

interface Wire {
  publish(subject: string, data: Uint8Array): void;
  subscribe(
    subject: string,
    options: { callback: (error: unknown, message: { subject: string; data: Uint8Array }) => void },
  ): void;
  flush(): Promise<void>;
}

describeWithNats('nodes that talk over NATS', () => {
  const secrets = new SecretBox([Buffer.alloc(32, 9)]);
  const links: NatsLink[] = [];
  let nats: TestNats;

  function link(nodeId: string, box = secrets): NatsLink {
    const made = new NatsLink(nats.url, box, new SystemClock(), new SilentLog());
    made.open(nodeId);
    links.push(made);
    return made;
  }

  async function until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + LONG_MS;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error('it did not come to that');
      await sleep(20);
    }
  }

  async function failureOf(question: Promise<unknown>): Promise<{ message: string; tookMs: number }> {
    const begun = performance.now();
    const error: unknown = await question.then(
      () => undefined,
      (cause: unknown): unknown => cause,
    );
    expect(error).toMatchObject({ code: 'owner_unavailable', kind: 'unavailable', retryAfterSeconds: 1 });
    return { message: String(error), tookMs: performance.now() - begun };
  }

  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  beforeEach(async () => {
    nats = await TestNats.start();
  });
  afterEach(async () => {
    await Promise.all(links.splice(0).map((one) => one.close()));
    await nats.kill();
  });

  it('answer each other’s questions, and learn at once that nobody listens', async () => {
    const [a, b] = [link('a'), link('b')];
    b.onAsked((message) => Promise.resolve({ asked: message }));
    await until(() => a.isUp && b.isUp);
    await expect(a.ask('b', { ring: 'é' }, LONG_MS)).resolves.toEqual({ asked: { ring: 'é' } });
    const { message, tookMs } = await failureOf(a.ask('c', {}, LONG_MS));
    expect(message).toContain('cannot be reached');
    expect(tookMs).toBeLessThan(LONG_MS / 10);
  });

  it('hear what others tell, in order, and never themselves', async () => {
    const [a, b] = [link('a'), link('b')];
    const heard: unknown[] = [];
    const own: unknown[] = [];
    b.onTold(async (message) => {
      await sleep(heard.length % 3);
      heard.push(message);
    });
    a.onTold((message) => Promise.resolve(void own.push(message)));
    await until(() => a.isUp && b.isUp);
    const told = Array.from({ length: 200 }, (_, index) => index);
    for (const index of told) a.tell(index);
    await until(() => heard.length === told.length);
    expect(heard).toEqual(told);
    expect(own).toEqual([]);
  });

  it('notice that the one they wait for has died', async () => {
    const [a, b] = [link('a'), link('b')];
    const asked = new Promise<void>((resolve) => {
      b.onAsked(() => {
        resolve();
        return new Promise(() => undefined);
      });
    });
    await until(() => a.isUp && b.isUp);
    const waiting = failureOf(a.ask('b', {}, LONG_MS * 10));
    await asked;
    await b.close();
    expect((await waiting).message).toContain('may or may not have done');
  });

  it('fail at once while the broker is away, and work again when it is back', async () => {
    const [a, b] = [link('a'), link('b')];
    b.onAsked((message) => Promise.resolve(message));
    await until(() => a.isUp && b.isUp);
    const asked = new Promise<void>((resolve) => {
      b.onAsked(() => {
        resolve();
        return new Promise(() => undefined);
      });
    });
    const inFlight = failureOf(a.ask('b', {}, LONG_MS * 10));
    await asked;
    await nats.kill();
    expect((await inFlight).message).toContain('may or may not have done');
    await until(() => !a.isUp && !b.isUp);
    expect((await failureOf(a.ask('b', {}, LONG_MS))).message).toContain('cannot be reached');
    await nats.start();
    await until(() => a.isUp && b.isUp);
    b.onAsked((message) => Promise.resolve(message));
    await expect(a.ask('b', 7, LONG_MS)).resolves.toBe(7);
  });

  it('begin before there is a broker', async () => {
    await nats.kill();
    const [a, b] = [link('a'), link('b')];
    b.onAsked((message) => Promise.resolve(message));
    await failureOf(a.ask('b', 1, LONG_MS));
    await nats.start();
    await until(() => a.isUp && b.isUp);
    await expect(a.ask('b', 1, LONG_MS)).resolves.toBe(1);
  });

  it('go on under another id', async () => {
    const [a, b] = [link('a'), link('b')];
    b.onAsked((message) => Promise.resolve(message));
    await until(() => a.isUp && b.isUp);
    b.serveAs('b2');
    await until(() => b.isUp);
    await expect(a.ask('b2', 1, LONG_MS)).resolves.toBe(1);
    await failureOf(a.ask('b', 1, LONG_MS));
  });

  it('answer what they were asked before they stop, and nothing after', async () => {
    const [a, b] = [link('a'), link('b')];
    let answer: (value: unknown) => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      b.onAsked(() => {
        resolve();
        return new Promise((done) => (answer = done));
      });
    });
    await until(() => a.isUp && b.isUp);
    const first = a.ask('b', 1, LONG_MS);
    await asked;
    const stopped = b.stopAnswering();
    await expect(a.ask('b', 2, LONG_MS)).resolves.toEqual({ type: 'not_here' });
    answer('late, but there');
    await expect(first).resolves.toBe('late, but there');
    await stopped;
    await failureOf(a.ask('b', 3, LONG_MS));
  });

  it('do nothing again that somebody on the broker has recorded and repeats', async () => {
    const recorder = new ClientNats(natsOptions(nats.url));
    await recorder.connect();
    const wire = recorder.unwrap<Wire>();
    const recorded: { subject: string; data: Uint8Array }[] = [];
    wire.subscribe('ringdrop.>', { callback: (_, message) => void recorded.push(message) });
    await wire.flush();
    const [a, b] = [link('a'), link('b')];
    const taken: unknown[] = [];
    b.onAsked((message) => Promise.resolve(void taken.push(message)));
    b.onTold((message) => Promise.resolve(void taken.push(message)));
    await until(() => a.isUp && b.isUp);
    await a.ask('b', 'ring', LONG_MS);
    a.tell('rotated');
    await until(() => taken.length === 2);
    const old = recorded.filter(({ subject }) => /cmd$|events$/.test(subject));
    expect(old.map(({ subject }) => subject)).toEqual(['ringdrop.node.b.cmd', 'ringdrop.events']);
    const repeat = async () => {
      for (const { subject, data } of old) {
        wire.publish(subject, data);
        wire.publish(subject.replace('node.b.', 'node.c.'), data);
      }
      await wire.flush();
    };

    await repeat();
    await a.ask('b', 'ring somebody else', LONG_MS);
    expect(taken).toEqual(['ring', 'rotated', 'ring somebody else']);

    await b.close();
    const startedAgain = link('c');
    startedAgain.onAsked((message) => Promise.resolve(void taken.push(message)));
    startedAgain.onTold((message) => Promise.resolve(void taken.push(message)));
    await until(() => startedAgain.isUp);
    await repeat();
    await a.ask('c', 'ring a third', LONG_MS);
    expect(taken.slice(3)).toEqual(['ring a third']);
    await recorder.close();
  });

  it('take nothing from a stranger on the broker', async () => {
    const b = link('b');
    const stranger = link('a', new SecretBox([Buffer.alloc(32, 8)]));
    const taken: unknown[] = [];
    b.onAsked((message) => Promise.resolve(void taken.push(message)));
    b.onTold((message) => Promise.resolve(void taken.push(message)));
    await until(() => b.isUp && stranger.isUp);
    stranger.tell({ forged: true });
    await failureOf(stranger.ask('b', { forged: true }, LONG_MS));
    const client = new ClientNats(natsOptions(nats.url));
    await client.connect();
    for (const subject of ['ringdrop.node.b.cmd', 'ringdrop.events']) {
      for (const data of [0, '', 'x', [], {}, { origin: 'x', message: 1 }, 'A'.repeat(900_000)]) {
        client.emit(subject, data);
        await lastValueFrom(client.send<unknown>(subject, data)).catch(() => undefined);
      }
      const raw = client.unwrap<{ publish(subject: string, data: string): void; flush(): Promise<void> }>();
      for (const bytes of ['', 'null', '{', '[]', '{"id":1}', '{"pattern":{},"data":null,"id":"x"}']) {
        raw.publish(subject, bytes);
      }
      await raw.flush();
    }
    await client.close();
    const a = link('a2');
    await until(() => a.isUp);
    b.onAsked((message) => Promise.resolve(message));
    await expect(a.ask('b', 'still there', LONG_MS)).resolves.toBe('still there');
    expect(taken).toEqual([]);
  });
});
