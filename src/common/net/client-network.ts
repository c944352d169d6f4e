import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** What a single client usually has all of: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function clientNetwork(address: string | undefined): string {
  const [plain = ''] = (address ?? '').split('%');
  if (isIP(plain) === 0) return plain;
  const parsed = ipaddr.process(plain);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
