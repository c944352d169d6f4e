import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';

/**
 * `--node PATH` runs the whole script, with every process that it starts, on another Node; the option is gone from
 * `process.argv` afterwards. Call it before the arguments are read.
 */
export function useChosenNode(): void {
  const at = process.argv.indexOf('--node');
  if (at < 0) return;
  const [, chosen] = process.argv.splice(at, 2);
  if (chosen === undefined) {
    process.stderr.write('--node takes the path of a Node.js binary\n');
    process.exit(2);
  }
  if (realpathSync(chosen) === realpathSync(process.execPath)) return;
  const { status } = spawnSync(chosen, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
