import type { ClientRequest } from 'node:http';
import { connect as connectTcp, isIP, isIPv6, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';

type Destination = Parameters<HttpsProxyAgent<string>['connect']>[1];

const END_OF_HEAD = '\r\n\r\n';
const MAX_HEAD_BYTES = 16_384;

/**
 * Opens CONNECT tunnels through http and https proxies. https-proxy-agent 9.1.0 would do it, but takes its listeners off
 * before the TLS socket to an https proxy reports that the proxy has hung up; an error that nobody hears ends the process.
 */
export class ConnectProxyAgent extends HttpsProxyAgent<string> {
  /** @param timeoutMs how long the proxy may take to open the tunnel */
  constructor(
    proxy: URL,
    private readonly timeoutMs: number,
  ) {
    super(proxy);
  }

  /** @throws Error with the code ECONNRESET or ETIMEDOUT, or what the operating system says */
  override async connect(request: ClientRequest, destination: Destination): Promise<Socket> {
    const tunnel =
      this.proxy.protocol === 'https:' ? connectTls(this.tlsOptions()) : connectTcp(this.connectOpts);
    tunnel.on('error', () => undefined); // those who use it hear of its errors by listeners of their own
    tunnel.write(this.askFor(destination));
    const answer = await readHead(tunnel, this.timeoutMs);
    if (!/^HTTP\/1\.[01] 200\b/.test(answer)) {
      tunnel.destroy();
      return replayed(request, answer);
    }
    request.once('socket', (socket: Socket) => socket.resume());
    if (!destination.secureEndpoint) return tunnel;
    const servername = destination.servername ?? nameFor(destination.host);
    return connectTls({ ...destination, path: undefined, servername, socket: tunnel });
  }

  private tlsOptions() {
    return { servername: nameFor(this.connectOpts.host), ...this.connectOpts };
  }

  private askFor({ host = '', port }: Destination): string {
    const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
    const { username, password } = this.proxy;
    const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
    return [
      `CONNECT ${authority} HTTP/1.1`,
      `Host: ${authority}`,
      ...(username || password ? [`Proxy-Authorization: Basic ${credentials.toString('base64')}`] : []),
      'Proxy-Connection: close',
      END_OF_HEAD.slice(2),
    ].join('\r\n');
  }
}

/** TLS asks for the name of the host; an address is no name. */
function nameFor(host = ''): string {
  return isIP(host) ? '' : host;
}

/** The head of the answer; what comes after it stays in the socket, which is paused. */
function readHead(socket: Socket, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    let failure: Error = problem('the proxy closed the connection', 'ECONNRESET');
    const onError = (cause: Error): void => void (failure = cause);
    const onTimeout = (): unknown => socket.destroy(problem('the proxy timed out', 'ETIMEDOUT'));
    const onClose = (): void => reject(failure);
    const onData = (chunk: Buffer): void => {
      read = Buffer.concat([read, chunk]);
      const end = read.indexOf(END_OF_HEAD);
      if (end < 0) {
        if (read.length > MAX_HEAD_BYTES) socket.destroy(problem('the proxy talks nonsense', 'EPROTO'));
        return;
      }
      socket.off('data', onData).off('error', onError).off('timeout', onTimeout).off('close', onClose);
      socket.setTimeout(0).pause();
      const rest = read.subarray(end + END_OF_HEAD.length);
      if (rest.length > 0) socket.unshift(rest);
      resolve(read.toString('latin1', 0, end));
    };
    socket.on('data', onData).on('error', onError).on('timeout', onTimeout).on('close', onClose);
    socket.setTimeout(timeoutMs);
  });
}

/** The refusal of the proxy as the answer to the request, on a socket of its own: the proxy must not get the request. */
function replayed(request: ClientRequest, head: string): Socket {
  const socket = new Socket({ writable: false });
  socket.readable = true;
  request.once('socket', () => {
    socket.push(`${head}${END_OF_HEAD}`);
    socket.push(null);
  });
  return socket;
}

/** The library reads codes that begin with E as "not reachable". */
function problem(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
