import type { WhatsAppSimulator } from '../simulator/index.js';
import { readQr } from '../support/read-qr.js';

/** What the phones need of the product: its address, and a token. */
interface Product {
  readonly url: string;
  readonly accountToken: string;
}

/** Nothing shows a code, or the code is wrong; the message says what to do. */
class NothingLinked extends Error {}

/** The phones that link instances, held by somebody who does what a key or a request says. */
export class DemoPhones {
  private readonly numbers = new Map<string, string>();

  constructor(
    private readonly simulator: WhatsAppSimulator,
    private readonly product: Product,
    /** Of the phone that links the first instance; further ones count up from it. */
    private readonly firstNumber: string,
  ) {}

  /** Points a camera at the QR code that an instance shows now. @returns what happened @throws NothingLinked */
  async scan(): Promise<string> {
    for (const name of await this.instances()) {
      const text = await this.qrOf(name);
      if (text === undefined) continue;
      const number = this.numberFor(name);
      await this.simulator.addPhone({ number, name: 'Demo' }).scanQr(text);
      return `A phone (${number}) has scanned the QR code of the instance "${name}".`;
    }
    throw new NothingLinked('No instance shows a QR code: GET /api/instance/connect/<instance> makes one.');
  }

  /** Types a pairing code on the phone for which it was made. @returns what happened @throws NothingLinked */
  async type(code: string): Promise<string> {
    const typed = code.replace(/[\s-]/g, '').toUpperCase();
    const numbers = this.simulator.pairing.numbersWaitingForCode;
    for (const number of numbers) {
      const phone = this.simulator.addPhone({ number, name: 'Demo' });
      if (await phone.enterPairingCode(typed).catch(() => undefined))
        return `The code ${typed} was typed on the phone ${number}.`;
    }
    throw new NothingLinked(
      numbers.length > 0
        ? 'The code is wrong.'
        : 'No pairing code is shown: GET /api/instance/connect/<instance>?number=<number> makes one.',
    );
  }

  private numberFor(instance: string): string {
    const known = this.numbers.get(instance);
    const number = known ?? String(BigInt(this.firstNumber) + BigInt(this.numbers.size));
    this.numbers.set(instance, number);
    return number;
  }

  private async instances(): Promise<string[]> {
    const answer = (await (await this.get('/api/instance/list')).json()) as {
      instances?: { name: string }[];
    };
    return (answer.instances ?? []).map(({ name }) => name);
  }

  /** `undefined`: it shows none. */
  private async qrOf(instance: string): Promise<string | undefined> {
    const answer = await this.get(`/api/instance/qr/${instance}`);
    return answer.ok ? readQr(Buffer.from(await answer.arrayBuffer())) : undefined;
  }

  private get(route: string): Promise<Response> {
    return fetch(this.product.url + route, { headers: { token: this.product.accountToken } });
  }
}
