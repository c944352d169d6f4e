import { parse } from 'yaml';

type Mapping = Readonly<Record<string, unknown>>;

/** `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
const VARIABLE = /\$\{([A-Z_]+)(:[-?][^}]*)?\}/g;
/** Set by the image, or part of an address that a node gets. */
const ELSEWHERE = new Set(['PORT', 'HOST', 'DATA_DIR', 'POSTGRES_PASSWORD', 'NATS_PASSWORD']);
const SECRETS = /PASSWORD|TOKEN|KEY|SECRET/;

/** What is wrong with a docker-compose.yml, as far as that shows without a container engine. */
export function composeProblems(compose: string, envExample: string): string[] {
  const document = mapping(parse(compose, { merge: true }), 'the file');
  const services = Object.entries(mapping(document['services'], 'services')).map(
    ([name, service]) => [name, mapping(service, name)] as const,
  );
  const documented = new Set([...envExample.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name = '']) => name));
  const nodes = services.filter(([, service]) => 'build' in service);
  return [
    ...[...compose.matchAll(VARIABLE)]
      .map(([, name = '']) => name)
      .filter((name) => !documented.has(name))
      .map((name) => `${name} is not in .env.example`),
    ...(nodes.length < 2 ? ['there should be two nodes at least'] : []),
    ...nodes.flatMap(([name, service]) => nodeProblems(name, service, services.length, documented)),
    ...services.flatMap(([name, service]) => serviceProblems(name, service, document)),
    ...samePorts(services.flatMap(([, service]) => texts(service['ports']))),
  ];
}

function nodeProblems(
  name: string,
  service: Mapping,
  serviceCount: number,
  documented: ReadonlySet<string>,
): string[] {
  const environment = mapping(service['environment'], `${name}.environment`);
  const waitsFor = Object.values(mapping(service['depends_on'], `${name}.depends_on`));
  return [
    ...Object.keys(environment)
      .filter((variable) => !documented.has(variable))
      .map((variable) => `${name} sets ${variable}, which is not in .env.example`),
    ...[...documented]
      .filter((variable) => !(variable in environment) && !ELSEWHERE.has(variable))
      .map((variable) => `${name} has no ${variable}`),
    ...(waitsFor.length === 0 || serviceCount < 4 ? [`${name} waits for nothing`] : []),
    ...waitsFor
      .filter((one) => mapping(one, 'depends_on')['condition'] !== 'service_healthy')
      .map(() => `${name} should wait until what it needs is healthy`),
  ];
}

function serviceProblems(name: string, service: Mapping, document: Mapping): string[] {
  const { image } = service;
  const isBuilt = 'build' in service;
  const environment = mapping(service['environment'] ?? {}, `${name}.environment`);
  const volumes = Object.keys(mapping(document['volumes'] ?? {}, 'volumes'));
  return [
    ...(service['init'] === true ? [] : [`${name} has no init`]),
    ...(/^\d+s$/.test(String(service['stop_grace_period'])) ? [] : [`${name} has no stop_grace_period`]),
    ...(isBuilt || (typeof image === 'string' && /^[^:@]+:[^@]+@sha256:[0-9a-f]{64}$/.test(image))
      ? []
      : [`${name}: the image is not named by version and digest`]),
    ...(isBuilt || /^[1-9]\d*:[1-9]\d*$/.test(String(service['user'])) ? [] : [`${name} runs as root`]),
    ...(service['read_only'] === true ? [] : [`${name} may write to its image`]),
    ...(texts(service['cap_drop']).includes('ALL') && !('cap_add' in service)
      ? []
      : [`${name} keeps capabilities`]),
    ...(texts(service['security_opt']).includes('no-new-privileges:true')
      ? []
      : [`${name} may gain privileges`]),
    ...['mem_limit', 'pids_limit']
      .filter((limit) => !(limit in service))
      .map((limit) => `${name} has no ${limit}`),
    ...(isBuilt || 'healthcheck' in service ? [] : [`${name} has no healthcheck`]),
    ...Object.entries(environment)
      .filter(([variable, value]) => SECRETS.test(variable) && !/^\$\{[^}]+\}$/.test(String(value)))
      .map(([variable]) => `${name}: ${variable} should come from .env`),
    ...texts(service['ports'])
      .filter((port) => !port.startsWith('127.0.0.1:'))
      .map((port) => `${name}: port ${port} is open to the network`),
    ...texts(service['volumes'])
      .filter((volume) => !volumes.includes(volume.split(':')[0] ?? ''))
      .map((volume) => `${name}: the volume ${volume} is not declared`),
    ...(environment['POSTGRES_USER'] === undefined
      ? []
      : [`${name}: the nodes would be superuser of the database`]),
  ];
}

function samePorts(ports: readonly string[]): string[] {
  const onHost = ports.map((port) => port.split(':').slice(0, 2).join(':'));
  return onHost
    .filter((port, index) => onHost.indexOf(port) !== index)
    .map((port) => `two services want ${port}`);
}

function mapping(value: unknown, name: string): Mapping {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${name} of docker-compose.yml is not a mapping`);
  }
  return { ...value };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
