import { jest } from '@jest/globals';
import { Socket, type LookupFunction } from 'node:net';

interface Destination {
  readonly host: string;
  readonly lookup?: LookupFunction;
}

/**
 * Puts local servers behind public addresses, so that a test can watch whom the product dials without leaving the
 * machine. A socket does its look-up as always and then lands on the local server of the first address; addresses
 * without a server refuse. Restored with all mocks.
 */
export class FakeInternet {
  /** Addresses that were dialled, in order. */
  readonly dialled: string[] = [];
  private readonly routes = new Map<string, { port: number; seenAs: string }>();

  constructor() {
    const realConnect: unknown = Reflect.get(Socket.prototype, 'connect');
    if (typeof realConnect !== 'function') throw new TypeError('Sockets cannot connect');
    const dial = this.dial.bind(this, realConnect);
    jest.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
      // node:net hands over its arguments as one normalised list, node:tls as they are.
      const [options, onConnect] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
      const { host, lookup } = options as Destination;
      Object.assign(this, { connecting: true });
      if (!lookup || /^[\d.]+$/.test(host)) process.nextTick(dial, this, host, onConnect);
      else {
        lookup(host, { all: true }, (error, addresses) => {
          if (error) this.destroy(error);
          else if (typeof addresses !== 'string') dial(this, addresses[0]?.address ?? '', onConnect);
        });
      }
      return this;
    });
  }

  /** @param seenAs the address that the socket reports as its peer */
  route(address: string, port: number, seenAs = address): this {
    this.routes.set(address, { port, seenAs });
    return this;
  }

  private dial(realConnect: CallableFunction, socket: Socket, address: string, onConnect: unknown): void {
    this.dialled.push(address);
    const route = this.routes.get(address);
    if (!route) {
      socket.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
      return;
    }
    Object.defineProperty(socket, 'remoteAddress', { value: route.seenAs });
    Reflect.apply(realConnect, socket, [{ host: '127.0.0.1', port: route.port }, onConnect]);
  }
}
