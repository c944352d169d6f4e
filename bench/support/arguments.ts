import { parseArgs } from 'node:util';

/**
 * Whole numbers from the command line, `--rounds 20 --seed 7`; the defaults say which there are. Ends the process with a
 * word about the usage when it understands something else.
 */
export function numbersFromArguments<T extends Readonly<Record<string, number>>>(defaults: T): T {
  const names = Object.keys(defaults);
  try {
    const { values } = parseArgs({
      options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    });
    const given: Record<string, number> = {};
    for (const [name, value] of Object.entries(values)) given[name] = wholeNumber(name, String(value));
    return { ...defaults, ...given };
  } catch (error) {
    const usage = names.map((name) => `[--${name} ${defaults[name]}]`).join(' ');
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nOptions: ${usage}\n`);
    process.exit(2);
  }
}

function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new Error(`--${name} takes a whole number`);
  return Number(value);
}
