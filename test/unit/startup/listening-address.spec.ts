import { createServer } from 'node:net';
import { parseAppConfig } from '../../../src/config/app-config.js';
import {
  listenFailure,
  localUrl,
  requireFreeAddress,
  warnOfOpenMetrics,
} from '../../../src/startup/listening-address.js';
import { StartFailure } from '../../../src/startup/start-failure.js';
import { SilentLog } from '../../support/silent-log.js';

describe('the address', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:3000'],
    ['0.0.0.0', 'http://127.0.0.1:3000'],
    ['::', 'http://[::1]:3000'],
    ['localhost', 'http://localhost:3000'],
  ])('of host %s is told as %s', (host, url) => {
    expect(localUrl(host, 3000)).toBe(url);
  });

  it('is refused in one line when somebody else listens there', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(requireFreeAddress('127.0.0.1', port)).rejects.toThrow(
      new StartFailure(`Ringdrop cannot listen: 127.0.0.1:${port} is already in use. Set PORT and HOST.`),
    );
    await new Promise((resolve) => other.close(resolve));
    await expect(requireFreeAddress('127.0.0.1', port)).resolves.toBeUndefined();
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'calls.example.com'])(
    'brings one warning when others than this machine can read the metrics at %s without a token',
    (host) => {
      const log = new SilentLog();
      warnOfOpenMetrics(parseAppConfig({ HOST: host }), log);
      expect(log.sentences('warn')).toEqual([expect.stringContaining('METRICS_TOKEN')]);
      warnOfOpenMetrics(
        parseAppConfig({ HOST: host, METRICS_TOKEN: 'f3a81c5e9b7d20464e8fa1c3d5b79e02' }),
        log,
      );
      expect(log.lines).toHaveLength(1);
    },
  );

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('brings no warning at %s', (host) => {
    const log = new SilentLog();
    warnOfOpenMetrics(parseAppConfig({ HOST: host }), log);
    expect(log.lines).toEqual([]);
  });

  it('leaves errors alone that are not about the address', () => {
    const error = new Error('other');
    expect(listenFailure(error, 'h', 1)).toBe(error);
  });
});
