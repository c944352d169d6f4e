import { parseArgs } from 'node:util';

const HELP = 'help';

/**
 * Whole numbers from the command line, `--rounds 20 --seed 7`; the defaults say which there are. Ends the process with the
 * usage when it is asked for help, or understands something else.
 */
export function numbersFromArguments<T extends Readonly<Record<string, number>>>(defaults: T): T {
  const names = Object.keys(defaults);
  try {
    const { values } = parseArgs({
      options: {
        ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
        [HELP]: { type: 'boolean', short: 'h' },
      },
    });
    if (values[HELP] === true) {
      process.stdout.write(`Options: ${usageOf(defaults)}\n`);
      process.exit(0);
    }
    const given: Record<string, number> = {};
    for (const [name, value] of Object.entries(values)) given[name] = wholeNumber(name, String(value));
    return { ...defaults, ...given };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${problem}\nOptions: ${usageOf(defaults)}\n`);
    process.exit(2);
  }
}

function usageOf(defaults: Readonly<Record<string, number>>): string {
  return Object.entries(defaults)
    .map(([name, value]) => `[--${name} ${value}]`)
    .join(' ');
}

function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new Error(`--${name} takes a whole number`);
  return Number(value);
}
