import type { Ringdrop } from './ringdrop.js';

/** What a person reads on the terminal. The first line is stable: scripts wait for it. */
export function welcome({ url, firstToken }: Pick<Ringdrop, 'url' | 'firstToken'>): string {
  const lines = [`Ringdrop is listening on ${url}`, `Docs: ${url}/docs`];
  return `${[...lines, ...(firstToken === undefined ? [] : walkThrough(url, firstToken))].join('\n')}\n`;
}

function walkThrough(url: string, token: string): string[] {
  return [
    '',
    'This is the token of the account "default". It is shown this once:',
    '',
    `  ${token}`,
    '',
    'Make an instance, link a phone (scan the QR code, shown as a picture in the docs), and ring a number:',
    '',
    `  curl -X POST ${url}/api/instance/new -H 'token: ${token}' -d '{"name":"shop"}'`,
    `  curl ${url}/api/instance/connect/shop -H 'token: ${token}'`,
    `  curl -X POST ${url}/api/call/fake/shop -H 'token: ${token}' -d '{"number":"5511999999999","duration":8}'`,
    '',
  ];
}
