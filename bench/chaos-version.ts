import { hasNatsServer } from '../test/support/nats.js';
import { keepLogs } from './cluster/cluster-node.js';
import { numbersFromArguments } from './support/arguments.js';
import { VersionRun } from './version/version-run.js';
import { VersionStage } from './version/version-stage.js';

/**
 * WhatsApp refuses the client version of many open sessions: with a newer one that can be learned, and then for a while without.
 * Checks that it is asked for once, that all sessions come back by themselves and in turns, and that calls ring before and after. `CHAOS_LOGS` names a directory
 * for the logs of the processes.
 */
const { sessions, seed, nodes } = numbersFromArguments({ sessions: 200, seed: 1, nodes: 1 });

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  if (sessions < 1 || nodes < 1) {
    say('It takes one session and one process at least');
    return 2;
  }
  if (nodes > 1 && !hasNatsServer()) {
    say('FAILED: there is no /usr/sbin/nats-server (Debian package nats-server)');
    return 1;
  }
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => interruption.abort(new Error(name)));
  const stage = await VersionStage.open(nodes, interruption.signal);
  try {
    const { figures, violations } = await new VersionRun(stage, sessions, seed, say).run();
    for (const violation of violations) say(`VIOLATION seed ${seed}, ${violation}`);
    const ok = violations.length === 0;
    say(JSON.stringify({ seed, ...figures, violations: violations.length, ok }));
    return ok ? 0 : 1;
  } finally {
    await stage.close();
    await keepLogs(stage.nodes);
  }
}

process.exit(await main());
