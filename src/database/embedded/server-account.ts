import { constants } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/** The operating system's user the server runs as when the application is root, whom PostgreSQL refuses. */
export interface ServerAccount {
  uid: number;
  gid: number;
}

/** The traditional ids of `nobody`, for images without a passwd file. */
const NOBODY: ServerAccount = { uid: 65534, gid: 65534 };

/**
 * The account for the server of `clusterDir`; `null` means "the user of this process".
 * Root becomes the owner of an existing directory, otherwise `postgres`, otherwise `nobody`.
 */
export async function chooseServerAccount(clusterDir: string): Promise<ServerAccount | null> {
  // getuid does not exist on Windows.
  if (process.getuid?.() !== 0) return null;
  const existing = await stat(clusterDir).catch(() => null);
  if (existing !== null && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid };
  // os.userInfo() would only tell about root, and throws for a uid without a passwd entry.
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return findAccount(passwd, 'postgres') ?? findAccount(passwd, 'nobody') ?? NOBODY;
}

/** The first part of `target`'s path that the account may not enter (or, for the last part, read); `null` when all is open. */
export async function firstClosedPath(target: string, account: ServerAccount): Promise<string | null> {
  const parts = path.resolve(target).split(path.sep).filter(Boolean);
  for (let depth = 0; depth <= parts.length; depth += 1) {
    const current = path.sep + parts.slice(0, depth).join(path.sep);
    const { mode, uid, gid } = await stat(current);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    const wanted = (mode & constants.S_IFMT) === constants.S_IFDIR ? constants.S_IXOTH : constants.S_IROTH;
    if (((mode >> shift) & wanted) === 0) return current;
  }
  return null;
}

function findAccount(passwd: string, name: string): ServerAccount | null {
  for (const line of passwd.split('\n')) {
    const [login, , uid, gid] = line.split(':');
    // macOS writes nobody as -2, the kernel takes it as an unsigned number.
    if (login === name && uid && gid) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  return null;
}
