import { isIPv6, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import type { NetworkProxy } from './whatsapp.gateway.js';

const END_OF_HEAD = '\r\n\r\n';
const MAX_HEAD_BYTES = 16_384;

/** Where a tunnel leads; names are looked up by the proxy. */
export interface TunnelEnd {
  readonly host: string;
  readonly port: number;
}

/**
 * Asks the proxy at the other end of the socket for a tunnel. Who gives up destroys the socket.
 * @returns once the tunnel is open; the socket is the tunnel then
 * @throws Error that says what the proxy did instead, in words of ours
 */
export function openTunnel(socket: Socket, proxy: NetworkProxy, end: TunnelEnd): Promise<void> {
  return proxy.protocol === 'socks5' ? openSocks(socket, proxy, end) : openConnect(socket, proxy, end);
}

async function openSocks(
  socket: Socket,
  { host, port, username, password }: NetworkProxy,
  destination: TunnelEnd,
) {
  const credentials = { userId: username ?? undefined, password: password ?? '' };
  await SocksClient.createConnection({
    command: 'connect',
    proxy: { host, port, type: 5, ...(username && credentials) },
    destination: { ...destination },
    existing_socket: socket,
  });
}

async function openConnect(socket: Socket, { username, password }: NetworkProxy, { host, port }: TunnelEnd) {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  socket.write(
    [
      `CONNECT ${authority} HTTP/1.1`,
      `Host: ${authority}`,
      ...(username || password ? [`Proxy-Authorization: Basic ${credentials}`] : []),
      'Proxy-Connection: close',
      END_OF_HEAD.slice(2),
    ].join('\r\n'),
  );
  const answer = await readHead(socket);
  // Not in the words of the answer: it may come from anything that listens on this port.
  const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(answer)?.[1];
  if (status === undefined) throw new Error('the answer of the proxy is not HTTP');
  if (status !== '200') throw new Error(`the proxy answered with HTTP status ${status}`);
}

/** The head of the answer; what comes after it stays in the socket, which is paused. */
function readHead(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    let failure: Error = new Error('the proxy closed the connection');
    const onError = (cause: Error): void => void (failure = cause);
    const onClose = (): void => reject(failure);
    const onData = (chunk: Buffer): void => {
      read = Buffer.concat([read, chunk]);
      const end = read.indexOf(END_OF_HEAD);
      if (end < 0) {
        if (read.length > MAX_HEAD_BYTES)
          socket.destroy(new Error('the head of the answer of the proxy is too long'));
        return;
      }
      socket.off('data', onData).off('error', onError).off('close', onClose).pause();
      const rest = read.subarray(end + END_OF_HEAD.length);
      if (rest.length > 0) socket.unshift(rest);
      resolve(read.toString('latin1', 0, end));
    };
    socket.on('data', onData).on('error', onError).on('close', onClose);
  });
}
