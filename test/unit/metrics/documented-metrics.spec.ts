import { readFileSync } from 'node:fs';
import { AllMetrics } from './support/all-metrics.js';

const PREFIX = 'ringdrop_';
const NAMES = /\b(?:ringdrop|nodejs|process)_[a-z0-9_]+/g;

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

  it('are what the alerts look at', () => {
    const text = readFileSync('ops/prometheus/alerts.yml', 'utf8');
    expect([...text.matchAll(/- alert: /g)].length).toBeGreaterThanOrEqual(5);
    const asked = used(text);
    expect(asked.length).toBeGreaterThanOrEqual(5);
    expect(asked.filter((name) => !registered.includes(name))).toEqual([]);
  });
});
