/**
 * Checks the addresses that guides and webhooks may call: only allowed hosts, and no private network behind an allowed
 * name.
 */
import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { GuideProblem } from '../guide.ts';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

const PRIVATE_RANGES = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
  // An Azure platform address that looks public.
  '168.63.129.16/32',
  // IPv6 forms of IPv4 addresses: ::/96, NAT64, Teredo, 6to4.
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '2001::/32', '2002::/16'],
  ...['100::/64', '2001:db8::/32', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
];

const privateNetworks = new BlockList();
for (const range of PRIVATE_RANGES) {
  const [network, bits] = range.split('/') as [string, string];
  privateNetworks.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
}

/** Whether an IP address belongs to a private, local, link-local or otherwise special network. */
export function isPrivateAddress(address: string): boolean {
  return privateNetworks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** An address that passed the checks, with the lookup function to use when connecting to it. */
export interface AllowedUrl {
  readonly url: URL;
  readonly lookup: LookupFunction;
}

type Match = 'exact' | 'pattern' | null;

/** `host` means the scheme's default port, `host:port` that port; `*.domain` and `*` are patterns. */
function matchEntry(entry: string, host: string, port: string, defaultPort: string): Match {
  const parts = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(entry.trim().toLowerCase());
  if (!parts || port !== (parts[2] ?? defaultPort)) return null;
  const name = parts[1] as string;
  if (name === host) return 'exact';
  if (name === '*' || (name.startsWith('*.') && host.endsWith(name.slice(1)))) return 'pattern';
  return null;
}

function bestMatch(entries: readonly string[], host: string, port: string, defaultPort: string): Match {
  const matches = entries.map((entry) => matchEntry(entry, host, port, defaultPort));
  if (matches.includes('exact')) return 'exact';
  return matches.includes('pattern') ? 'pattern' : null;
}

/** Looks up a name and refuses private addresses: the addresses checked are those connected to. */
function guardedLookup(lookup: typeof systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = found as LookupAddress[];
      if (error) return callback(error, '', 4);
      const bad = addresses.find(({ address }) => isPrivateAddress(address));
      if (bad) return callback(privateProblem(hostname, bad.address), '', 4);
      const [first] = addresses as [LookupAddress];
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

function privateProblem(host: string, address: string): GuideProblem {
  return new GuideProblem(
    `the host ${host} has the private address ${address}: expected a public one; to call it all the same, let the operator put ${host} itself on the list of allowed hosts`,
  );
}

/**
 * Checks an address given by a user against the hosts allowed by the operator.
 *
 * @throws GuideProblem for a scheme other than http(s), for credentials, for a host that is not allowed or is private
 */
export function allowUrl(text: string, allowedHosts: readonly string[], lookup = systemLookup): AllowedUrl {
  const url = URL.canParse(text) ? new URL(text) : null;
  const defaultPort = url ? DEFAULT_PORTS[url.protocol] : undefined;
  if (!url || defaultPort === undefined)
    throw new GuideProblem(`url is "${text.slice(0, 80)}": expected an address that begins with http:// or https://`);
  if (url.username || url.password)
    throw new GuideProblem(
      'url holds a user name or password: expected an address without; send secrets in "data" instead',
    );
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  const port = url.port || defaultPort;
  const match = bestMatch(allowedHosts, host, port, defaultPort);
  if (match === null)
    throw new GuideProblem(
      `the host ${host}:${port} is not on the list of hosts that guides may call (${allowedHosts.join(', ') || 'it is empty'}): let the operator allow it, as "${host}:${port}"`,
    );
  const literal = host.replace(/^\[|\]$/g, '');
  if (match === 'pattern' && isIP(literal) !== 0 && isPrivateAddress(literal)) throw privateProblem(host, literal);
  return { url, lookup: match === 'exact' ? (lookup as LookupFunction) : guardedLookup(lookup) };
}
