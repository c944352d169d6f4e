import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Response } from 'express';
import { RouteNotFound } from './request.errors.js';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Asset {
  readonly content: Buffer;
  readonly contentType: string;
  readonly etag: string;
}

/** Scripts, styles and pictures of a page, read once from a folder of the product and served from memory. */
export class LocalAssets {
  private readonly assets = new Map<string, Asset>();

  /** @param directory holds files of known types; others in it, the page itself for example, are not served */
  constructor(directory: string) {
    for (const name of readdirSync(directory)) {
      const contentType = CONTENT_TYPES[path.extname(name)];
      if (contentType === undefined) continue;
      const content = readFileSync(path.join(directory, name));
      const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22);
      this.assets.set(name, { content, contentType, etag: `"${hash}"` });
    }
  }

  /**
   * Answers with the file, or with 304 when the browser has it. It asks each time: modules import each other by plain
   * names, so a new version must not meet an old neighbour.
   * @throws RouteNotFound
   */
  send(name: string, response: Response): void {
    const asset = this.assets.get(name);
    if (!asset) throw new RouteNotFound();
    response.setHeader('Content-Type', asset.contentType);
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('ETag', asset.etag);
    // Answers 304 by itself when the request names this tag.
    response.send(asset.content);
  }
}
