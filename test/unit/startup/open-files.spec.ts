import { openFilesBelow, tooFewOpenFiles } from '../../../src/startup/open-files.js';

describe('the limit of open files', () => {
  it('stops the start below 512, in one sentence, and is no matter where there is none', () => {
    expect(tooFewOpenFiles(511)).toMatch(
      /^Ringdrop cannot start: it may open 511 .* at least 512\. .*ulimit -n.*\.$/,
    );
    expect(tooFewOpenFiles(512)).toBeUndefined();
    expect(tooFewOpenFiles()).toBeUndefined();
  });

  it('is warned of when MAX_CONNECTIONS and the rest of the product do not fit into it', () => {
    expect(openFilesBelow(10_000, 1024)).toEqual({ openFiles: 1024, needed: 10_500, maxConnections: 10_000 });
    expect(openFilesBelow(10_000, 10_500)).toBeUndefined();
  });
});
