import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The directory that an image is built from, as far as `.dockerignore` lets the builder see it. */
export class BuildContext {
  private readonly allowed: ReadonlySet<string>;

  /** @throws Error when `.dockerignore` is not the list of what is allowed that it should be */
  constructor(private readonly directory: string) {
    const [everything, ...exceptions] = readFileSync(path.join(directory, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const isList = everything === '*' && exceptions.every((line) => /^![\w.-]+$/.test(line));
    if (!isList) throw new Error('.dockerignore should be * and the names that are let through, as !name');
    this.allowed = new Set(exceptions.map((line) => line.slice(1)));
  }

  /** @throws Error for what the builder would not find */
  locate(source: string): string {
    const relative = path.normalize(source);
    if (!this.allowed.has(relative.split(path.sep)[0] ?? ''))
      throw new Error(`${source} is not in the context`);
    return path.join(this.directory, relative);
  }
}
