/** One line of a Dockerfile, with what continues it. */
export interface Instruction {
  /** Upper case, as `RUN`. */
  readonly keyword: string;
  /** `--from=build` as `{ from: 'build' }`. */
  readonly flags: Readonly<Record<string, string>>;
  /** What follows the flags, as it is written. */
  readonly text: string;
}

/** What begins with a FROM. */
export interface BuildStage {
  /** After AS; a stage without a name is known by its number. */
  readonly name: string;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

const KNOWN = new Set(
  'RUN COPY WORKDIR ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK CMD ENTRYPOINT'.split(' '),
);

/**
 * Reads the part of the Dockerfile language that the product's own needs.
 * @throws Error for everything else: what is not understood would not be checked
 */
export function parseDockerfile(text: string): readonly BuildStage[] {
  const stages: (BuildStage & { instructions: Instruction[] })[] = [];
  for (const line of logicalLines(text)) {
    const instruction = parseInstruction(line);
    const current = stages.at(-1);
    if (instruction.keyword === 'FROM') {
      const [image = '', as, name = String(stages.length)] = instruction.text.split(/\s+/);
      if (as !== undefined && as.toUpperCase() !== 'AS') throw new Error(`not understood: ${line}`);
      stages.push({ name, image, instructions: [] });
    } else if (!current || !KNOWN.has(instruction.keyword)) throw new Error(`not understood: ${line}`);
    else current.instructions.push(instruction);
  }
  if (stages.length === 0) throw new Error('there is no FROM');
  return stages;
}

/** `["a", "b"]`: a command that is run without a shell. */
export function execForm(text: string): readonly string[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed) || !parsed.every((part) => typeof part === 'string') || parsed.length === 0) {
    throw new Error(`not a list of texts: ${text}`);
  }
  return parsed;
}

/** `A=1 B=2`, without quotes. */
export function assignments(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split(/\s+/).map((assignment) => {
      const [, name, value] = /^([A-Z_]+)=([^"'$\\]*)$/.exec(assignment) ?? [];
      if (name === undefined || value === undefined) throw new Error(`not understood: ENV ${text}`);
      return [name, value];
    }),
  );
}

function logicalLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '');
}

function parseInstruction(line: string): Instruction {
  const [, keyword = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
  const flags: Record<string, string> = {};
  let text = rest;
  for (let found = nextFlag(text); found; found = nextFlag(text)) {
    const [whole, name = '', value = ''] = found;
    flags[name] = value;
    text = text.slice(whole.length);
  }
  return { keyword: keyword.toUpperCase(), flags, text };
}

function nextFlag(text: string): RegExpExecArray | null {
  return /^--([a-z-]+)=(\S+)\s+/.exec(text);
}
