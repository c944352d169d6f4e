import { readFileSync } from 'node:fs';
import { BuildContext } from '../../../ops/image/build-context.js';
import { assignments, execForm, parseDockerfile } from '../../../ops/image/dockerfile.js';
import { startCommand } from '../../support/spawn-product.js';

const stages = parseDockerfile(readFileSync('Dockerfile', 'utf8'));
const instructionsOf = (keyword: string) =>
  stages.flatMap(({ instructions }) => instructions.filter((one) => one.keyword === keyword));

describe('the Dockerfile', () => {
  it('has the same base image in all stages', () => {
    expect(new Set(stages.map(({ image }) => image)).size).toBe(1);
    expect(stages.map(({ name }) => name)).toEqual(['build', 'modules', '2']);
  });

  it('names the base image by version and digest, and runs no install script', () => {
    expect(stages[0]?.image).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/);
    const installs = instructionsOf('RUN').filter(({ text }) => text.includes('npm ci'));
    expect(installs).toHaveLength(2);
    for (const { text } of installs) expect(text).toContain('npm ci --ignore-scripts');
  });

  it('starts node itself as a user that is not root', () => {
    expect(instructionsOf('USER').map(({ text }) => text)).toEqual(['1000:1000']);
    expect(instructionsOf('CMD').map(({ text }) => execForm(text))).toEqual([
      ['node', '--max-semi-space-size=32', '--no-memory-reducer', 'dist/src/main.js'],
    ]);
  });

  it('starts it as npm does, and as the README advises', () => {
    expect(instructionsOf('CMD').map(({ text }) => execForm(text))).toEqual([startCommand()]);
    expect(readFileSync('README.md', 'utf8')).toContain(`\`${startCommand().join(' ')}\``);
  });

  it('copies from the context only what .dockerignore lets through', () => {
    const context = new BuildContext('.');
    const sources = instructionsOf('COPY')
      .filter(({ flags }) => flags['from'] === undefined)
      .flatMap(({ text }) => text.split(' ').slice(0, -1));
    expect(sources).toContain('src');
    for (const source of sources) expect(() => context.locate(source)).not.toThrow();
    for (const secret of ['.env', 'data', 'node_modules', '.git', 'src/../.env']) {
      expect(() => context.locate(secret)).toThrow('not in the context');
    }
  });
});

describe('reading a Dockerfile', () => {
  it('joins lines that go on and takes flags apart', () => {
    const [stage] = parseDockerfile('FROM node:24\n# a word\nCOPY --from=build --chown=1:1 \\\n  a b/\n');
    expect(stage?.instructions).toEqual([
      { keyword: 'COPY', flags: { from: 'build', chown: '1:1' }, text: 'a b/' },
    ]);
    expect(assignments('A=1 B=x/y')).toEqual({ A: '1', B: 'x/y' });
  });

  it.each(['RUN npm ci', 'FROM a\nADD b c', 'FROM a OR b', ''])(
    'refuses what it does not understand: %j',
    (text) => {
      expect(() => parseDockerfile(text)).toThrow();
    },
  );
});
