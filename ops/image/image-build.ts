import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BuildContext } from './build-context.js';
import { assignments, execForm, type BuildStage, type Instruction } from './dockerfile.js';

/** What a container of the image would be started with. */
export interface BuiltImage {
  /** Directory that stands for `/`. */
  readonly root: string;
  /** Inside the image. */
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly volumes: readonly string[];
  readonly stopSignal: string;
  readonly command: readonly string[];
  /** Empty = none. */
  readonly healthcheck: readonly string[];
}

export interface BuildTools {
  readonly context: BuildContext;
  /** An empty directory. */
  readonly directory: string;
  /** `PATH` of the steps; the Node that stands for the one of the base image comes first. */
  readonly searchPath: string;
  readonly onStep: (step: string) => void;
}

/**
 * Follows the steps of a Dockerfile in directories that stand for the file systems of its stages. What needs a container
 * is not there: base images, and absolute paths in RUN, which are refused.
 */
export class ImageBuild {
  private readonly built = new Map<string, BuiltImage>();

  constructor(private readonly tools: BuildTools) {}

  async build(stages: readonly BuildStage[]): Promise<BuiltImage> {
    let last: BuiltImage | undefined;
    for (const stage of stages) {
      this.tools.onStep(`FROM ${stage.image} (${stage.name})`);
      last = await this.buildStage(stage);
      this.built.set(stage.name, last);
    }
    if (!last) throw new Error('there is no stage');
    return last;
  }

  private async buildStage(stage: BuildStage): Promise<BuiltImage> {
    const root = path.join(this.tools.directory, stage.name);
    await mkdir(root);
    let image: BuiltImage = {
      root,
      workdir: '/',
      env: {},
      user: '',
      volumes: [],
      stopSignal: 'SIGTERM',
      command: [],
      healthcheck: [],
    };
    for (const instruction of stage.instructions) {
      this.tools.onStep(`${instruction.keyword} ${instruction.text}`);
      image = { ...image, ...(await this.follow(instruction, image)) };
    }
    return image;
  }

  private async follow(instruction: Instruction, image: BuiltImage): Promise<Partial<BuiltImage>> {
    const { keyword, text } = instruction;
    switch (keyword) {
      case 'WORKDIR':
        await mkdir(inside(image, text), { recursive: true });
        return { workdir: path.posix.resolve(image.workdir, text) };
      case 'COPY':
        await this.copy(instruction, image);
        return {};
      case 'RUN':
        await this.run(text, image);
        return {};
      case 'ENV':
        return { env: { ...image.env, ...assignments(text) } };
      case 'USER':
        return { user: text };
      case 'VOLUME':
        return { volumes: [...image.volumes, text] };
      case 'STOPSIGNAL':
        return { stopSignal: text };
      case 'CMD':
        return { command: execForm(text) };
      case 'HEALTHCHECK':
        return { healthcheck: execForm(text.replace(/^CMD\s+/, '')) };
      case 'EXPOSE':
        return {};
      default:
        throw new Error(`${keyword} is not followed`);
    }
  }

  private async copy({ flags, text }: Instruction, image: BuiltImage): Promise<void> {
    const words = text.split(/\s+/);
    const target = words.pop() ?? '';
    const earlier = flags['from'] === undefined ? undefined : this.built.get(flags['from']);
    if (flags['from'] !== undefined && !earlier) throw new Error(`there is no stage ${flags['from']}`);
    if (words.length > 1 && !target.endsWith('/')) throw new Error(`COPY ${text}: the target must end in /`);
    for (const source of words) {
      const from = earlier ? inside(earlier, source) : this.tools.context.locate(source);
      // A directory gives its content, a file goes into a directory.
      const intoDirectory = target.endsWith('/') && !(await stat(from)).isDirectory();
      const to = path.join(inside(image, target), intoDirectory ? path.basename(source) : '');
      await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    }
  }

  private async run(command: string, image: BuiltImage): Promise<void> {
    if (/(^|[\s=])\//.test(command))
      throw new Error(`RUN ${command}: an absolute path is outside of the copy`);
    const child = spawn('sh', ['-ec', command], {
      cwd: inside(image, '.'),
      env: { ...process.env, ...image.env, NODE_OPTIONS: '', PATH: await this.pathOfSteps() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more: string) => (output += more));
    }
    await once(child, 'close');
    if (child.exitCode !== 0) throw new Error(`RUN ${command} ended with ${child.exitCode}:\n${output}`);
  }

  /** Only root may give files away; for others a `chown` that does nothing comes first. */
  private async pathOfSteps(): Promise<string> {
    if (process.getuid?.() === 0) return this.tools.searchPath;
    const directory = path.join(this.tools.directory, '.not-root');
    await mkdir(directory, { recursive: true });
    await writeFile(path.join(directory, 'chown'), '#!/bin/sh\nexit 0\n');
    await chmod(path.join(directory, 'chown'), 0o755);
    return `${directory}:${this.tools.searchPath}`;
  }
}

/** Where a path of the image is on this machine. */
export function inside({ root, workdir }: Pick<BuiltImage, 'root' | 'workdir'>, target: string): string {
  return path.join(root, path.posix.resolve(workdir, target));
}
