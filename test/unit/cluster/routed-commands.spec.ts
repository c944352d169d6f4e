import fc from 'fast-check';
import { OwnerUnavailable } from '../../../src/cluster/cluster.errors.js';
import type { OwnerCommand } from '../../../src/cluster/owner-commands.js';
import { RoutedCommands } from '../../../src/cluster/routed-commands.js';
import { fieldsOf, number, text } from '../../../src/cluster/wire-values.js';
import { ERROR_KINDS, DomainError, type ErrorKind } from '../../../src/common/errors/domain-error.js';
import { SilentLog } from '../../support/silent-log.js';
import { Bus } from './support/bus.js';

const GREET: OwnerCommand<{ readonly name: string }, number> = {
  name: 'greet',
  deadlineMs: 1000,
  takesOver: false,
  parseArgs: (value) => ({ name: text(fieldsOf(value)['name']) }),
  parseResult: number,
};
const TAKE: OwnerCommand<{ readonly name: string }, number> = { ...GREET, name: 'take', takesOver: true };

class Refusal extends DomainError {
  readonly code = 'refused_for_a_test';
  constructor(
    readonly kind: ErrorKind,
    override readonly retryAfterSeconds?: number,
  ) {
    super('No, because ü');
  }
}

function setUp() {
  const bus = new Bus();
  const log = new SilentLog();
  const ran: string[] = [];
  const node = (id: string) => {
    const { link, ownership } = bus.join(id);
    const commands = new RoutedCommands(ownership, link, log);
    let work = (name: string): Promise<number> => Promise.resolve(name.length);
    const run = (_: string, { name }: { readonly name: string }) => {
      ran.push(id);
      return work(name);
    };
    for (const command of [GREET, TAKE]) commands.handle(command, run);
    const ask = (command = GREET, name = 'Ana') => commands.run(command, 'i1', { name });
    return { link, ownership, ask, does: (other: typeof work) => (work = other) };
  };
  return { bus, log, ran, a: node('a'), b: node('b'), node };
}

describe('commands in a cluster', () => {
  it('run here when the instance is held here, and ask nobody', async () => {
    const { bus, ran, a } = setUp();
    bus.holders.set('i1', 'a');
    await expect(a.ask()).resolves.toBe(3);
    expect({ ran, questions: bus.questions }).toEqual({ ran: ['a'], questions: [] });
  });

  it('run at the node that holds the instance', async () => {
    const { bus, ran, a } = setUp();
    bus.holders.set('i1', 'b');
    await expect(a.ask()).resolves.toBe(3);
    expect({ ran, questions: bus.questions }).toEqual({ ran: ['b'], questions: ['b'] });
  });

  it('take an instance that nobody holds only if they need its session', async () => {
    const { bus, ran, a } = setUp();
    await a.ask(GREET);
    expect({ ran, acquired: bus.acquired }).toEqual({ ran: ['a'], acquired: [] });
    await a.ask(TAKE);
    expect({ ran, acquired: bus.acquired }).toEqual({ ran: ['a', 'a'], acquired: ['i1'] });
  });

  it('follow an instance that has moved once, and no further', async () => {
    const { bus, ran, a, node } = setUp();
    node('c');
    bus.holders.set('i1', 'b');
    a.ownership.stale = [{ kind: 'node', nodeId: 'c' }];
    await expect(a.ask()).resolves.toBe(3);
    expect({ ran, questions: bus.questions }).toEqual({ ran: ['b'], questions: ['c', 'b'] });
    a.ownership.stale = [
      { kind: 'node', nodeId: 'c' },
      { kind: 'node', nodeId: 'c' },
    ];
    await expect(a.ask()).rejects.toMatchObject({ code: 'owner_unavailable', retryAfterSeconds: 1 });
    expect(bus.questions).toEqual(['c', 'b', 'c', 'c']);
  });

  it('fail at once when the holder cannot be reached', async () => {
    const { bus, a } = setUp();
    bus.holders.set('i1', 'gone');
    await expect(a.ask()).rejects.toThrow(OwnerUnavailable);
  });

  it.each(ERROR_KINDS.flatMap((kind) => [[kind, undefined] as const, [kind, 2.5] as const]))(
    'tell a failure of the kind %s (retry after %s) as it was told at the holder',
    async (kind, retryAfterSeconds) => {
      const { bus, a, b } = setUp();
      bus.holders.set('i1', 'b');
      b.does(() => Promise.reject(new Refusal(kind, retryAfterSeconds)));
      const failure: unknown = await a.ask().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(DomainError);
      expect(failure).toMatchObject({ kind, code: 'refused_for_a_test', message: 'No, because ü' });
      expect((failure as DomainError).retryAfterSeconds).toBe(retryAfterSeconds);
    },
  );

  it('tell a fault of the holder without a word of what it was', async () => {
    const { bus, log, a, b } = setUp();
    bus.holders.set('i1', 'b');
    b.does(() => Promise.reject(new TypeError('hush')));
    const failure: unknown = await a.ask().catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(DomainError);
    expect(String(failure)).toBe('Error: Another process failed to run greet');
    expect(log.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        sentence: 'A command of another process failed unexpectedly',
      }),
    );
  });

  it('do nothing for a node that asks for what is not held here', async () => {
    const { ran, b } = setUp();
    const reply = await b.link.answer({ name: 'greet', instanceId: 'i1', args: { name: 'Ana' } });
    expect(reply).toEqual({ type: 'not_here' });
    expect(ran).toEqual([]);
  });

  it('survive whatever comes as a question', async () => {
    const { bus, ran, b } = setUp();
    bus.holders.set('i1', 'b');
    const question = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.record({
        name: fc.oneof(fc.constantFrom('greet', 'take', '__proto__', 'constructor'), fc.jsonValue()),
        instanceId: fc.oneof(fc.constant('i1'), fc.jsonValue()),
        args: fc.oneof(
          fc.jsonValue(),
          fc.record({ name: fc.oneof(fc.constant(null), fc.integer(), fc.array(fc.string())) }),
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(question, async (message) => {
        const reply = await b.link.answer(message);
        expect(['not_here', 'broken']).toContain((reply as { type: string }).type);
      }),
      { numRuns: 500, seed: 7 },
    );
    expect(ran).toEqual([]);
  });

  it('survive whatever comes as a reply', async () => {
    const { bus, a, b } = setUp();
    bus.holders.set('i1', 'b');
    const reply = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.record({
        type: fc.constantFrom('done', 'failed', 'broken', 'not_here', 'else'),
        result: fc.jsonValue(),
        error: fc.oneof(
          fc.jsonValue(),
          fc.record({ kind: fc.string(), code: fc.string(), message: fc.string() }),
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(reply, async (value) => {
        b.link.onAsked(() => Promise.resolve(value));
        const outcome: unknown = await a.ask().catch((error: unknown) => error);
        expect(typeof outcome === 'number' || outcome instanceof Error).toBe(true);
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
