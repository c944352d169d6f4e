import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a child process can be asked; arguments and results travel as structured clones. */
export type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

type ArgumentOf<H extends Handlers, Name extends keyof H> = Parameters<H[Name]>[0];
type ResultOf<H extends Handlers, Name extends keyof H> = Awaited<ReturnType<H[Name]>>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Answers the questions of the parent process for as long as it lives. */
export function serveParent(handlers: Handlers): void {
  process.on('message', ({ id, name, argument }: Question) => {
    const handler = handlers[name] as ((argument: unknown) => unknown) | undefined;
    void Promise.resolve()
      .then(() => {
        if (!handler) throw new Error(`nobody answers ${name}`);
        return handler(argument);
      })
      .then(
        (result) => process.send?.({ id, result }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      );
  });
  process.once('disconnect', () => process.exit(0));
}

/** A child process that answers questions. */
export class Remote<H extends Handlers> {
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private nextId = 1;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (reply: Reply) => {
      this.waiting.get(reply.id)?.(reply);
      this.waiting.delete(reply.id);
    });
    child.once('exit', (code) => {
      for (const [id, answer] of this.waiting) answer({ id, error: `the process ended with ${code}` });
    });
  }

  /** @param env added to the environment of this process */
  static start<H extends Handlers>(
    main: string,
    env: Readonly<Record<string, string>> = {},
    imports: readonly string[] = [],
  ): Remote<H> {
    const execArgv = imports.flatMap((module) => ['--import', module]);
    return new Remote<H>(
      fork(main, { env: { ...process.env, ...env }, execArgv, serialization: 'advanced' }),
    );
  }

  ask<Name extends keyof H & string>(name: Name, argument: ArgumentOf<H, Name>): Promise<ResultOf<H, Name>> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result as ResultOf<H, Name>);
        else reject(new Error(`${name}: ${error}`));
      });
      this.child.send({ id, name, argument } satisfies Question);
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
