import { EN } from './en.js';
import { ES } from './es.js';
import type { PageTexts } from './page-texts.js';
import { PT } from './pt.js';

export const LANGUAGES = { en: EN, pt: PT, es: ES } as const satisfies Record<string, PageTexts>;

export type Language = keyof typeof LANGUAGES;

/** The language that a browser likes best of those the page has (`Accept-Language`, RFC 9110), else English. */
export function textsFor(acceptLanguage = ''): { readonly language: Language; readonly texts: PageTexts } {
  const wanted = acceptLanguage
    .split(',')
    .map((item) => {
      const [range = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return { primary: range.split('-')[0], quality: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  const language = wanted.map(({ primary }) => primary).find(isLanguage) ?? 'en';
  return { language, texts: LANGUAGES[language] };
}

function isLanguage(text: string | undefined): text is Language {
  return text !== undefined && Object.hasOwn(LANGUAGES, text);
}
