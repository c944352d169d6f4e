/** Loading the product alone opens hundreds of files at a time. */
const FEWEST = 512;
/** The database, the broker, sessions, webhooks, and the files that are read meanwhile. */
const BESIDE_CONNECTIONS = 500;

/** How many files and sockets this process may have open, after Node.js has raised what it may raise; `undefined` on Windows. */
function openFilesLimit(): number | undefined {
  Reflect.set(process.report, 'excludeNetwork', true);
  const report: object = process.report.getReport();
  const limits: unknown = Reflect.get(report, 'userLimits');
  const soft: unknown = Reflect.get(Object(Reflect.get(Object(limits), 'open_files')), 'soft');
  return typeof soft === 'number' ? soft : undefined;
}

/** Why the product cannot even be loaded; `undefined`: it can. Loads nothing itself. */
export function tooFewOpenFiles(limit = openFilesLimit()): string | undefined {
  if (limit === undefined || limit >= FEWEST) return undefined;
  return (
    `Ringdrop cannot start: it may open ${limit} files and sockets, and needs at least ${FEWEST}. ` +
    'Raise the limit: ulimit -n, or LimitNOFILE of systemd, or ulimits of the container.'
  );
}

/** What to warn of when clients could use up the files that the rest of the product needs. */
export function openFilesBelow(
  maxConnections: number,
  limit = openFilesLimit(),
): { readonly openFiles: number; readonly needed: number; readonly maxConnections: number } | undefined {
  const needed = maxConnections + BESIDE_CONNECTIONS;
  return limit === undefined || limit >= needed ? undefined : { openFiles: limit, needed, maxConnections };
}
