/** A server process keeps the plan of each for as long as the connection lasts, about 100 kB. */
const MOST = 100;

/** Names of statements by their texts. */
const names = new Map<string, string>();

/**
 * Marks a statement that runs very often: a server process then reads and plans it once, which costs more than running it. Only
 * for texts of which there are few.
 */
export function prepared(text: string): string {
  if (!names.has(text) && names.size < MOST) names.set(text, `ringdrop_${names.size}`);
  return text;
}

/** What a marked statement is called at the server; `undefined` for any other. */
export function preparedName(text: string): string | undefined {
  return names.get(text);
}

interface Branch {
  text?: string;
  readonly next: Map<string, Branch>;
}

/**
 * Texts that are put together from the same parts again and again, each made once: to join and to hash a long text costs more
 * than to look up its parts, which do not change. Only for parts of which there are few.
 */
export class MadeTexts {
  private readonly root: Branch = { next: new Map() };

  of(parts: readonly string[], make: () => string): string {
    let branch = this.root;
    for (const part of parts) {
      let next = branch.next.get(part);
      if (!next) branch.next.set(part, (next = { next: new Map() }));
      branch = next;
    }
    return (branch.text ??= make());
  }
}
