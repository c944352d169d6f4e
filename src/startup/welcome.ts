import type { DataPlace } from '../database/embedded/data-directory.js';
import type { Ringdrop } from './ringdrop.js';

/** What a person reads on the terminal. The first line is stable: scripts wait for it. */
export function welcome({ url, firstToken, place }: Pick<Ringdrop, 'url' | 'firstToken' | 'place'>): string {
  const lines = [
    `Ringdrop is listening on ${url}`,
    `Docs: ${url}/docs`,
    ...(place === undefined ? [] : [whereDataIs(place)]),
  ];
  return `${[...lines, ...(firstToken === undefined ? [] : walkThrough(url, firstToken))].join('\n')}\n`;
}

function whereDataIs({ dataDir, closedFolder }: DataPlace): string {
  if (closedFolder === undefined) return `Data: ${dataDir}`;
  return `Data: ${dataDir} (not ./data: PostgreSQL does not run as root, and its user may not enter ${closedFolder}; DATA_DIR chooses another place)`;
}

function walkThrough(url: string, token: string): string[] {
  return [
    '',
    'This is the token of the account "default". It is shown this once:',
    '',
    `  ${token}`,
    '',
    'Make an instance, link a phone, and ring a number. After the second line, GET /api/instance/qr/shop in the docs shows',
    'the QR code to scan as a picture:',
    '',
    `  curl -X POST ${url}/api/instance/new -H 'token: ${token}' -d '{"name":"shop"}'`,
    `  curl ${url}/api/instance/connect/shop -H 'token: ${token}'`,
    `  curl -X POST ${url}/api/call/fake/shop -H 'token: ${token}' -d '{"number":"5511999999999","duration":8}'`,
    '',
  ];
}
