import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The only block that IANA gives out as global unicast; NAT64 aside, all else in IPv6 is special or unassigned. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/** RFC 6052: an IPv4 address in the last 32 bits, translated by the network. Normal on hosts without IPv4 (DNS64). */
const NAT64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96];

/** Looks public but leads to the virtual host of every Azure machine (wire server, DHCP, health probes). */
const AZURE_WIRE_SERVER = '168.63.129.16';

/**
 * True when the address belongs to a machine on the public Internet. Everything that is not global unicast in the IANA
 * registries of special-purpose addresses is refused: loopback, private, link-local, carrier-grade NAT, multicast,
 * reserved, documentation; and every form that carries an IPv4 address inside IPv6 (mapped, compatible, translated, 6to4,
 * Teredo, ISATAP), because a router may unpack it. NAT64 alone is judged by the address inside.
 *
 * @param address in the notation that `node:net` takes; anything else, a zone included, is not public
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  return parsed instanceof ipaddr.IPv4 ? isPublicIpv4(parsed) : isPublicIpv6(parsed);
}

function isPublicIpv4(address: ipaddr.IPv4): boolean {
  return address.range() === 'unicast' && address.toString() !== AZURE_WIRE_SERVER;
}

function isPublicIpv6(address: ipaddr.IPv6): boolean {
  if (address.match(NAT64)) return isPublicIpv4(new ipaddr.IPv4(address.toByteArray().slice(-4)));
  return address.match(GLOBAL_UNICAST) && address.range() === 'unicast' && !isIsatap(address);
}

/** RFC 5214: the interface id is `0000:5efe` or `0200:5efe` and an IPv4 address. */
function isIsatap({ parts: [, , , , flags = 0, marker = 0] }: ipaddr.IPv6): boolean {
  return (flags & 0xfdff) === 0 && marker === 0x5efe;
}
