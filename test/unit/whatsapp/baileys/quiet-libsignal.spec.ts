import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { BufferJSON } from '@whiskeysockets/baileys';
import { silenceLibsignal } from '../../../../src/whatsapp/baileys/quiet-libsignal.js';
import { signalBundle } from '../support/signal-bundle.js';
import { signalSide } from '../support/signal-side.js';

const CALLEE = '200000000000001@lid';
const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const;

/** A real console whose output stays here. */
function keptConsole(): { target: Console; printed: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { target: new Console({ stdout: stream, stderr: stream }), printed: () => chunks.join('') };
}

describe.each(METHODS)('console.%s', (method) => {
  it.each([
    ['Closing session:', { privKey: 'private' }],
    ['Opening session:', { privKey: 'private' }],
    ['Removing old closed session:', { privKey: 'private' }],
    ['Session already closed', { privKey: 'private' }],
    ['Session error:Error: Bad MAC', 'stack'],
    ['Failed to decrypt message with any known session...'],
    ['Closing open session in favor of incoming prekey bundle'],
  ])('drops what libsignal says: %s', (...line) => {
    const { target, printed } = keptConsole();
    silenceLibsignal(target);
    target[method](...line);
    expect(printed()).toBe('');
  });

  it('drops every session record, whatever is said with it', () => {
    class SessionEntry {
      readonly privKey = 'private';
    }
    const { target, printed } = keptConsole();
    silenceLibsignal(target);
    target[method]('A new sentence:', new SessionEntry());
    expect(printed()).toBe('');
  });

  it('keeps all other lines as they are', () => {
    const { target, printed } = keptConsole();
    silenceLibsignal(target);
    target[method]('ready after %d ms', 12, { port: 3000 }, null, undefined);
    target[method]('The next one: Closing session:');
    target[method]();
    expect(printed()).toBe(
      'ready after 12 ms { port: 3000 } null undefined\nThe next one: Closing session:\n\n',
    );
  });
});

it('puts one filter on a console, however often it is asked', () => {
  const { target } = keptConsole();
  silenceLibsignal(target);
  const before = { ...target };
  silenceLibsignal(target);
  expect({ ...target }).toEqual(before);
  expect(Object.keys(before)).toEqual(expect.arrayContaining([...METHODS]));
});

describe('a Signal session that is closed by a newer one', () => {
  const realConsole = globalThis.console;
  afterEach(() => {
    globalThis.console = realConsole;
  });

  /** Opens two sessions with one device, which closes the first, and returns the private keys that were in use. */
  async function closeSession(): Promise<string[]> {
    const { repository, keys } = signalSide();
    await repository.injectE2ESession({ jid: CALLEE, session: signalBundle() });
    const stored = await keys.get('session', [repository.jidToSignalProtocolAddress(CALLEE)]);
    const text = JSON.stringify(stored, BufferJSON.replacer);
    await repository.injectE2ESession({ jid: CALLEE, session: signalBundle() });
    const privateKeys = [...text.matchAll(/"privKey":"([^"]+)"/g)].map(([, base64 = '']) => base64);
    expect(privateKeys.length).toBeGreaterThan(0);
    return privateKeys.flatMap((base64) => {
      const bytes = Buffer.from(base64, 'base64');
      return [base64, bytes.toString('hex'), bytes.toString('hex').replace(/(..)(?=.)/g, '$1 ')];
    });
  }

  it('is printed with its private keys by the library', async () => {
    const { target, printed } = keptConsole();
    globalThis.console = target;
    const privateKeys = await closeSession();
    expect(privateKeys.some((key) => printed().includes(key))).toBe(true);
  });

  it('leaves nothing on a console that was silenced', async () => {
    const { target, printed } = keptConsole();
    silenceLibsignal(target);
    globalThis.console = target;
    await closeSession();
    expect(printed()).toBe('');
  });
});
