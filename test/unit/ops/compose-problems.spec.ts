import { readFileSync } from 'node:fs';
import { composeProblems } from '../../../ops/compose-problems.js';

const compose = readFileSync('docker-compose.yml', 'utf8');
const envExample = readFileSync('.env.example', 'utf8');

/** The file with one change. */
function changed(from: string | RegExp, to: string): string {
  const text = compose.replace(from, to);
  if (text === compose) throw new Error(`${String(from)} is not in docker-compose.yml`);
  return text;
}

describe('docker-compose.yml', () => {
  it('has none of the known faults', () => {
    expect(composeProblems(compose, envExample)).toEqual([]);
  });

  it.each([
    ['a variable that is not documented', changed('${LOG_LEVEL', '${LOG_LEVELS'), 'LOG_LEVELS is not in'],
    ['a setting that is not documented', changed(' LOG_LEVEL:', ' LOG_LVL:'), 'node1 sets LOG_LVL, which'],
    ['a node without the key', changed(/ENCRYPTION_KEY: .*\n/, '\n'), 'node1 has no ENCRYPTION_KEY'],
    ['a node that a setting does not reach', changed(/LOG_LEVEL: .*\n/, '\n'), 'node1 has no LOG_LEVEL'],
    [
      'a password in the file',
      changed(/POSTGRES_PASSWORD: .*/, 'POSTGRES_PASSWORD: x'),
      'should come from .env',
    ],
    ['a port for the whole network', changed('127.0.0.1:3001:', '3001:'), 'is open to the network'],
    ['one port for two nodes', changed(':3001:', ':3002:'), 'two services want 127.0.0.1:3002'],
    ['an image of any version', changed('postgres:17.11@', 'postgres@'), 'postgres: the image is not'],
    ['an image without a digest', changed(/(nats:.*)@sha256:.*/, '$1'), 'nats: the image is not'],
    ['a service that runs as root', changed("user: '999:999'", "user: '0:0'"), 'postgres runs as root'],
    [
      'services that may write to their images',
      changed('read_only: true', ''),
      'nats may write to its image',
    ],
    ['services with capabilities', changed('[ALL]', '[NET_RAW]'), 'postgres keeps capabilities'],
    [
      'services that may gain privileges',
      changed('no-new-privileges:true', 'label:x'),
      'nats may gain privileges',
    ],
    ['a service that takes all memory', changed('mem_limit: 256m', ''), 'nats has no mem_limit'],
    [
      'a service that starts any number of processes',
      changed('pids_limit: 64', ''),
      'nats has no pids_limit',
    ],
    [
      'nodes that are superuser of their database',
      changed('POSTGRES_DB: ringdrop', 'POSTGRES_USER: ringdrop'),
      'postgres: the nodes would be superuser',
    ],
    [
      'nodes that do not wait',
      changed(/postgres: \{ condition: .* \}/, 'postgres: {}'),
      'until what it needs is healthy',
    ],
    ['a volume that nobody declared', changed("['postgres:/var", "['data:/var"), 'is not declared'],
    ['a service without an init', changed('  init: true\n', ''), 'node1 has no init'],
  ])('is told about when it has %s', (_fault, text, problem) => {
    expect(composeProblems(text, envExample).join('\n')).toContain(problem);
  });
});
