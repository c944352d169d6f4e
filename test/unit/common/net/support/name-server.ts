import { createSocket, type Socket } from 'node:dgram';

const QUERY_HEADER_BYTES = 12;
const TYPE_A = 1;
const TYPE_AAAA = 28;
const NO_SUCH_NAME = 3;

export interface NameRecords {
  /** Four bytes each. */
  readonly a?: readonly string[];
  /** Sixteen bytes each, in hex. */
  readonly aaaa?: readonly string[];
}

/** A DNS server on 127.0.0.1 that knows a few names (RFC 1035, one question, no compression but for the name). */
export class NameServer {
  readonly asked: string[] = [];
  private readonly socket: Socket = createSocket('udp4');

  private constructor(private readonly names: Readonly<Record<string, NameRecords>>) {
    this.socket.on('message', (query, from) => this.socket.send(this.answer(query), from.port, from.address));
  }

  static async start(names: Readonly<Record<string, NameRecords>>): Promise<NameServer> {
    const server = new NameServer(names);
    await new Promise<void>((resolve) => server.socket.bind(0, '127.0.0.1', resolve));
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.socket.close(resolve));
  }

  private answer(query: Buffer): Buffer {
    const labels: string[] = [];
    let at = QUERY_HEADER_BYTES;
    for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const type = query.readUInt16BE(at + 1);
    const name = labels.join('.').toLowerCase();
    this.asked.push(`${name} ${type}`);
    const known = this.names[name];
    const records = recordsOf(known, type);
    const header = Buffer.alloc(QUERY_HEADER_BYTES);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    header.writeUInt16BE(0x8180 | (known ? 0 : NO_SUCH_NAME), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const answers = records.map((address) => {
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc000 | QUERY_HEADER_BYTES, 0);
      record.writeUInt16BE(type, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt16BE(address.length, 10);
      return Buffer.concat([record, address]);
    });
    return Buffer.concat([header, query.subarray(QUERY_HEADER_BYTES, at + 5), ...answers]);
  }
}

function recordsOf(known: NameRecords | undefined, type: number): Buffer[] {
  if (type === TYPE_A) return (known?.a ?? []).map((address) => Buffer.from(address.split('.').map(Number)));
  if (type === TYPE_AAAA) return (known?.aaaa ?? []).map((address) => Buffer.from(address, 'hex'));
  return [];
}
