import type { Agent } from 'node:https';
import { SocksProxyAgent } from 'socks-proxy-agent';
import type { NetworkProxy } from './whatsapp.gateway.js';
import { ConnectProxyAgent } from './connect-proxy-agent.js';

/** How long a proxy may take to open the tunnel. */
const TUNNEL_TIMEOUT_MS = 15_000;

/**
 * The agent that carries a socket through a proxy: CONNECT for http and https proxies, SOCKS5 with names resolved by
 * the proxy. TLS to WhatsApp is verified end to end as without a proxy.
 */
export function proxyAgent(proxy: NetworkProxy | null): Agent | undefined {
  if (!proxy) return undefined;
  const url = new URL(
    `${proxy.protocol === 'socks5' ? 'socks5h' : proxy.protocol}://${hostInUrl(proxy.host)}`,
  );
  url.port = String(proxy.port);
  url.username = encodeURIComponent(proxy.username ?? '');
  url.password = encodeURIComponent(proxy.password ?? '');
  if (proxy.protocol !== 'socks5') return new ConnectProxyAgent(url, TUNNEL_TIMEOUT_MS);
  const agent = new SocksProxyAgent(url, { timeout: TUNNEL_TIMEOUT_MS });
  agent.proxy.host = proxy.host; // it would look up the brackets of an IPv6 address as a name
  return agent;
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
