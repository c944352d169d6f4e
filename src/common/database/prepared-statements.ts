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
