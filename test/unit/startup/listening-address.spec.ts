import { createServer } from 'node:net';
import { listenFailure, localUrl, requireFreeAddress } from '../../../src/startup/listening-address.js';
import { StartFailure } from '../../../src/startup/start-failure.js';

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

  it('leaves errors alone that are not about the address', () => {
    const error = new Error('other');
    expect(listenFailure(error, 'h', 1)).toBe(error);
  });
});
