import { hasNatsServer } from '../test/support/nats.js';
import { ClusterRun } from './cluster/cluster-run.js';
import { ClusterStage } from './cluster/cluster-stage.js';
import { keepLogs } from './cluster/cluster-node.js';
import { planFaults } from './cluster/fault-plan.js';
import { numbersFromArguments } from './support/arguments.js';
import { SeededRandom } from './support/seeded-random.js';

/**
 * Kills, stops and drains nodes of a cluster and takes away its database and its broker under calls, and checks that no
 * session is ever used by two of them, every phone stops, and nothing is lost. `CHAOS_LOGS` names a directory for the logs
 * of the nodes.
 */
const { steps, seed, nodes, sessions } = numbersFromArguments({ steps: 30, seed: 1, nodes: 3, sessions: 12 });

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  if (nodes < 2 || sessions < 1 || steps < 1) {
    say('It takes two nodes, one session and one step at least');
    return 2;
  }
  if (!hasNatsServer()) {
    say('FAILED: there is no /usr/sbin/nats-server (Debian package nats-server)');
    return 1;
  }
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => interruption.abort(new Error(name)));
  const stage = await ClusterStage.open(nodes, interruption.signal);
  try {
    const plan = planFaults(new SeededRandom(seed), steps, nodes);
    const run = new ClusterRun(stage, interruption.signal, sessions, seed, say);
    const { figures, violations } = await run.run(plan);
    for (const violation of violations) say(`VIOLATION seed ${seed}, ${violation}`);
    const ok = violations.length === 0;
    say(JSON.stringify({ ...figures, violations: violations.length, ok }));
    return ok ? 0 : 1;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    say('Interrupted');
    return 130;
  } finally {
    await stage.close();
    await keepLogs(stage.nodes);
  }
}

// Clients of a run that was broken off still wait for answers that nobody will give.
process.exit(await main());
