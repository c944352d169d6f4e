import { readFileSync } from 'node:fs';
import { SESSION_STATES } from '../../../src/metrics/session-metrics.js';
import { AllMetrics } from './support/all-metrics.js';

const PREFIX = 'ringdrop_';
const NAMES = /\b(?:ringdrop|nodejs|process)_[a-z0-9_]+/g;

/** The README writes small numbers out. */
const NUMBERS = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

describe('the metrics of the product', () => {
  const all = new AllMetrics();
  const registered = all.names();
  const own = registered.filter((name) => name.startsWith(PREFIX)).sort();
  afterAll(() => all.close());

  /** A query asks a histogram for its parts. */
  const declaredName = (used: string): string =>
    registered.includes(used) ? used : used.replace(/_(bucket|sum|count)$/, '');
  const used = (text: string): string[] => [
    ...new Set([...text.matchAll(NAMES)].map(([name]) => declaredName(name))),
  ];

  it('are all in the README, with their type, and nothing else is', async () => {
    const rows = readFileSync('README.md', 'utf8').matchAll(/^\| `(ringdrop_\w+)` *\| (\w+) *\|/gm);
    const listed = [...rows].map(([, name, type]) => ({ name, type }));
    const types = (await all.metrics.registry.getMetricsAsJSON()).map(({ name, type }) => ({
      name,
      type: String(type),
    }));
    const byName = (a: { name?: string }, b: { name?: string }) =>
      String(a.name).localeCompare(String(b.name));
    expect(listed.sort(byName)).toEqual(types.filter(({ name }) => name.startsWith(PREFIX)).sort(byName));
  });

  it('are named as Prometheus wants it, and say what they are', async () => {
    const metrics = (await all.metrics.registry.getMetricsAsJSON()).filter(({ name }) =>
      name.startsWith(PREFIX),
    );
    expect(metrics.length).toBeGreaterThan(15);
    for (const { name, help, type } of metrics) {
      expect(help.length).toBeGreaterThan(20);
      expect({ name, isTotal: name.endsWith('_total') }).toEqual({
        name,
        isTotal: String(type) === 'counter',
      });
      if (String(type) === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });

  it('are all in the dashboard, which asks for nothing that does not exist', () => {
    const { panels } = JSON.parse(readFileSync('ops/grafana/ringdrop.json', 'utf8')) as { panels: Panel[] };
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(expect.arrayContaining(['Calls', 'Sessions', 'HTTP']));
    const asked = used(panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n'));
    expect(asked.filter((name) => !registered.includes(name))).toEqual([]);
    expect(own.filter((name) => !asked.includes(name))).toEqual([]);
  });

  it('are what the alerts look at, as many as the README says', () => {
    const text = readFileSync('ops/prometheus/alerts.yml', 'utf8');
    const alerts = [...text.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    expect(alerts).toEqual(
      expect.arrayContaining(['RingdropDown', 'RingdropSessionsLost', 'RingdropAccountsRestricted']),
    );
    expect(readFileSync('README.md', 'utf8')).toContain(`has ${NUMBERS[alerts.length]} rules to begin with`);
    const asked = used(text);
    expect(asked.length).toBeGreaterThanOrEqual(5);
    expect(asked.filter((name) => !registered.includes(name))).toEqual([]);
  });

  it('of the whole installation, the same in every process, are never summed over processes', async () => {
    const metrics = await all.metrics.registry.getMetricsAsJSON();
    const shared = metrics
      .filter(({ help }) => help.includes('of the whole installation'))
      .map(({ name }) => name);
    expect(shared.length).toBeGreaterThanOrEqual(4);
    for (const file of ['ops/prometheus/alerts.yml', 'ops/grafana/ringdrop.json']) {
      const text = readFileSync(file, 'utf8');
      for (const name of shared) {
        const uses = text.match(new RegExp(`\\b${name}\\b`, 'g')) ?? [];
        const taken = text.match(new RegExp(`max(?:_over_time| by \\(\\w+\\) )?\\(${name}\\b`, 'g')) ?? [];
        expect({ file, name, uses: taken.length }).toEqual({ file, name, uses: uses.length });
      }
    }
  });

  it('count sessions by states that the README explains, and nothing asks for another', () => {
    const readme = readFileSync('README.md', 'utf8');
    const explained = [...readme.matchAll(/^- ((?:`\w+`(?:, )?)+): /gm)].flatMap(([, states = '']) =>
      [...states.matchAll(/\w+/g)].map(([state]) => state),
    );
    expect(explained).toEqual(expect.arrayContaining([...SESSION_STATES]));
    for (const file of ['ops/prometheus/alerts.yml', 'ops/grafana/ringdrop.json']) {
      const asked = [...readFileSync(file, 'utf8').matchAll(/ringdrop_sessions\{[^}]*state=~?\\?"([\w|]+)/g)];
      const states = asked.flatMap(([, names = '']) => names.split('|'));
      expect(states.length).toBeGreaterThan(0);
      expect(states.filter((state) => !SESSION_STATES.some((known) => known === state))).toEqual([]);
    }
  });
});
