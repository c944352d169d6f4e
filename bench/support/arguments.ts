import { parseArgs } from 'node:util';

const HELP = 'help';

/**
 * Whole numbers from the command line, `--rounds 20 --seed 7`; the defaults say which there are. Ends the process with the
 * usage when it is asked for help, or understands something else.
 * @param fractional those that need not be whole, such as `--minutes 0.5`
 */
export function numbersFromArguments<T extends Readonly<Record<string, number>>>(
  defaults: T,
  fractional: readonly (keyof T & string)[] = [],
): T {
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
    for (const [name, value] of Object.entries(values))
      given[name] = numberIn(name, String(value), fractional.includes(name));
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

function numberIn(name: string, value: string, isFractional: boolean): number {
  if (isFractional && /^\d{1,6}\.\d{1,3}$/.test(value)) return Number(value);
  if (!/^\d{1,9}$/.test(value)) throw new Error(`--${name} takes a ${isFractional ? '' : 'whole '}number`);
  return Number(value);
}
