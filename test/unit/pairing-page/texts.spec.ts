import { readdirSync, readFileSync } from 'node:fs';
import { FAILURE_REASONS } from '../../../src/pairing-page/link-failure.js';
import { pairingPage, refusalPage } from '../../../src/pairing-page/page-html.js';
import { LANGUAGES, textsFor } from '../../../src/pairing-page/texts/languages.js';

const PUBLIC = 'src/pairing-page/public';
const EXPIRES_AT = new Date('2026-01-31T12:15:00.000Z');
const script = readdirSync(PUBLIC)
  .filter((name) => name.endsWith('.js'))
  .map((name) => readFileSync(`${PUBLIC}/${name}`, 'utf8'))
  .join('\n');

/** Every text with the path to it. */
function leaves(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(value as object).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

const blanks = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([blank]) => blank).sort();

describe('the texts of the pairing page', () => {
  it('are the same in all languages, with the same blanks, and none is empty', () => {
    const english = leaves(LANGUAGES.en);
    expect(english.length).toBeGreaterThan(40);
    for (const texts of [LANGUAGES.pt, LANGUAGES.es]) {
      const translated = leaves(texts);
      expect(translated.map(([path]) => path)).toEqual(english.map(([path]) => path));
      translated.forEach(([path, text], index) => {
        const original = english[index]?.[1] ?? '';
        expect({ path, blanks: blanks(text) }).toEqual({ path, blanks: blanks(original) });
        expect(text.trim()).not.toBe('');
        expect({ path, text }).not.toEqual({ path, text: original });
      });
    }
  });

  it('have words for every reason that linking can fail', () => {
    for (const { status } of Object.values(LANGUAGES)) {
      expect(Object.keys(status.failure).sort()).toEqual([...FAILURE_REASONS].sort());
    }
  });

  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['*', 'en'],
    ['pt', 'pt'],
    ['PT-br', 'pt'],
    ['es-419,es;q=0.9', 'es'],
    ['en;q=0.5, es;q=0.8', 'es'],
    ['fr, de;q=0.9, pt;q=0.1', 'pt'],
    ['pt;q=0, en;q=0.1', 'en'],
    ['__proto__, constructor', 'en'],
    ['pt;q=x, es', 'es'],
  ])('answer the wish %j in %s', (wish, language) => {
    expect(textsFor(wish).language).toBe(language);
  });
});

describe('the markup of the pairing page', () => {
  const pages = Object.entries(LANGUAGES).map(
    ([language, texts]) => [language, pairingPage(textsFor(language).language, texts, EXPIRES_AT)] as const,
  );

  it.each(pages)('in %s has every element that the script looks for, once', (_, html) => {
    const wanted = [...script.matchAll(/\b(?:at|show|text)\('([a-z-]+)'/g)].map(([, id]) => id ?? '');
    expect(wanted.length).toBeGreaterThan(10);
    for (const id of wanted)
      expect({ id, count: html.split(`id="${id}"`).length - 1 }).toEqual({ id, count: 1 });
  });

  it.each(pages)('in %s has every sentence that the script says', (_, html) => {
    const keys = [...script.matchAll(/\bwords\('(\w+)'/g)].map(([, key]) => key ?? '');
    const phases = ['starting', 'qr', 'code', 'linking', 'expired', 'gone'];
    const reasons = FAILURE_REASONS.map((reason) => `failure.${reason}`);
    expect(keys.length).toBeGreaterThan(4);
    for (const key of [...keys, ...phases, ...reasons]) expect(html).toContain(`<p data-text="${key}">`);
  });

  it.each(pages)('in %s ties every label to what it names', (_, html) => {
    const named = [...html.matchAll(/(?:for|aria-controls|aria-labelledby|aria-describedby)="([^"]+)"/g)];
    const ids = named.flatMap(([, value]) => (value ?? '').split(' '));
    expect(ids.length).toBeGreaterThan(5);
    for (const id of ids) expect(html).toContain(`id="${id}"`);
    expect(html).toContain('role="status" aria-live="polite"');
  });

  it('writes texts as text', () => {
    const hostile = { heading: '<script>alert(1)</script>', text: `"&'` };
    const html = refusalPage('en', LANGUAGES.en, hostile);
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('<p>&quot;&amp;&#39;</p>');
  });
});
