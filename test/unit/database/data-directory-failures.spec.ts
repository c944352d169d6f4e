import { directoryFailure } from '../../../src/database/embedded/data-directory.js';
import { reasonIn } from '../../../src/database/embedded/error-message.js';

const systemError = (code: string) => Object.assign(new Error(`${code}: no, open '/data/x'`), { code });

describe('a failure of the data directory', () => {
  it.each(['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'ELOOP', 'EIO'])(
    '%s names DATA_DIR, in one line',
    (code) => {
      const failure = directoryFailure(systemError(code), '/data');
      expect(failure?.name).toBe('EmbeddedPostgresError');
      expect(failure?.message).toMatch(
        /^DATA_DIR \/data cannot be used: .*\. Set DATA_DIR to another directory\.$/,
      );
    },
  );

  it('is nothing else than one', () => {
    expect(directoryFailure(systemError('ECONNREFUSED'), '/data')).toBeUndefined();
    expect(directoryFailure(new TypeError('no'), '/data')).toBeUndefined();
  });

  it('of PostgreSQL itself is told by the one line that says why', () => {
    const output = `selecting default time zone ... Etc/UTC
running bootstrap script ... 2026-11-30 08:15:57.158 UTC [11841] FATAL:  could not write to file "pg_wal/xlogtemp.11841": No space left on device
child process exited with exit code 1
initdb: removing data directory "/data/cluster"`;
    expect(reasonIn(output)).toBe('could not write to file "pg_wal/xlogtemp.11841": No space left on device');
    expect(reasonIn('initdb: error: invalid locale\ninitdb: hint: none')).toBe('invalid locale');
    expect(reasonIn('a\nlast words\n')).toBe('last words');
  });
});
