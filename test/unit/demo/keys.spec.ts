import { keyReader, type Controls } from '../../demo/controls.js';

/** Presses keys one after the other. Resolves with what was done and said. */
async function after(...keys: readonly string[]): Promise<string[]> {
  const done: string[] = [];
  const controls: Controls = {
    scan: () => Promise.resolve('scanned'),
    type: (code) =>
      code === 'WRONG' ? Promise.reject(new Error('wrong')) : Promise.resolve(`typed ${code}`),
    stop: () => done.push('stopped'),
    say: (line) => done.push(line),
  };
  const take = keyReader(controls);
  for (const key of keys) take(key);
  await new Promise(setImmediate);
  return done;
}

const ASKED = 'Type the eight characters of the pairing code, then Enter:';

describe('a key that is pressed in the demo', () => {
  it.each([
    ['s', ['s'], ['scanned']],
    ['c, a code and Enter', ['c', ...'ABCS1234', '\r'], [ASKED, 'typed ABCS1234']],
    ['a code with a mistake that is erased', ['c', ...'ABX', '\u007f', ...'C', '\n'], [ASKED, 'typed ABC']],
    ['a wrong code', ['c', ...'WRONG', '\r'], [ASKED, 'wrong']],
    ['Ctrl-C', ['\u0003'], ['stopped']],
    ['Ctrl-C while a code is typed', ['c', 'A', '\u0003'], [ASKED, 'stopped']],
    ['any other', ['x', '\r', ' '], []],
  ])('does what it says: %s', async (_, keys, done) => {
    expect(await after(...keys)).toEqual(done);
  });
});
