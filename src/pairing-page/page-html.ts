import type { Language } from './texts/languages.js';
import type { Notice, PageTexts } from './texts/page-texts.js';

/**
 * The page as it is before its script runs. What the script says later is in the template at its end, so that only the
 * visitor's language travels, and as markup: nothing inline runs.
 */
export function pairingPage(language: Language, texts: PageTexts, expiresAt: Date): string {
  return frame(
    language,
    texts.title,
    `<main id="page" data-phase="loading">
<h1 id="heading" tabindex="-1">${escape(texts.title)}</h1>
<p id="lead">${escape(texts.lead)}</p>
<noscript><p class="notice">${escape(texts.needsScript)}</p></noscript>
<p id="status" role="status" aria-live="polite" aria-atomic="true">${escape(texts.status.loading)}</p>
<div id="ways">
<div role="tablist" aria-label="${escape(texts.ways)}">
<button type="button" role="tab" id="tab-qr" aria-controls="panel-qr" aria-selected="true">${escape(texts.qrTab)}</button>
<button type="button" role="tab" id="tab-code" aria-controls="panel-code" aria-selected="false" tabindex="-1">${escape(texts.codeTab)}</button>
</div>
<section role="tabpanel" id="panel-qr" aria-labelledby="tab-qr" tabindex="0">
<svg id="qr" data-empty role="img" aria-label="${escape(texts.qrLabel)}" viewBox="0 0 1 1" shape-rendering="crispEdges"><path id="qr-path"></path></svg>
<button type="button" id="show-qr" class="main" hidden>${escape(texts.showQr)}</button>
${steps(texts.qrSteps)}
</section>
<section role="tabpanel" id="panel-code" aria-labelledby="tab-code" tabindex="0" hidden>
<div id="code-box" hidden>
<p class="hint">${escape(texts.codeLabel)}</p>
<p id="code" aria-live="polite" aria-atomic="true"><span id="code-shown" aria-hidden="true"></span><span id="code-spelled" class="unseen"></span></p>
<button type="button" id="copy-code">${escape(texts.copyCode)}</button>
${steps(texts.codeSteps)}
</div>
<form id="number-form" novalidate>
<label for="number">${escape(texts.numberLabel)}</label>
<input id="number" name="number" type="tel" inputmode="tel" autocomplete="tel" maxlength="40" required aria-describedby="number-hint number-error">
<p id="number-hint" class="hint">${escape(texts.numberHint)}</p>
<p id="number-error" class="error" role="alert"></p>
<button type="submit" id="get-code" class="main">${escape(texts.getCode)}</button>
</form>
</section>
</div>
<p id="done" hidden>${escape(texts.done)}</p>
<p id="expiry" class="hint">${escape(texts.validUntil)} <time id="expires-at" datetime="${expiresAt.toISOString()}">${expiresAt.toISOString().slice(11, 16)} UTC</time></p>
</main>
${statusTemplate(texts)}
<script type="module" src="/pair/assets/page.js"></script>`,
  );
}

/** The page for a link that opens nothing. */
export function refusalPage(language: Language, texts: PageTexts, { heading, text }: Notice): string {
  const content = `<main><h1>${escape(heading)}</h1><p>${escape(text)}</p></main>`;
  return frame(language, texts.title, content);
}

function frame(language: Language, title: string, content: string): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<link rel="icon" type="image/svg+xml" href="/pair/assets/icon.svg">
<link rel="stylesheet" href="/pair/assets/page.css">
</head>
<body>
${content}
</body>
</html>
`;
}

function statusTemplate({ status: { failure, ...status } }: PageTexts): string {
  const entries = [
    ...Object.entries(status),
    ...Object.entries(failure).map(([reason, text]) => [`failure.${reason}`, text] as const),
  ];
  const lines = entries.map(([key, text]) => `<p data-text="${escape(key)}">${escape(text)}</p>`);
  return `<template id="texts">\n${lines.join('\n')}\n</template>`;
}

function steps(texts: readonly string[]): string {
  return `<ol>${texts.map((text) => `<li>${escape(text)}</li>`).join('')}</ol>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
