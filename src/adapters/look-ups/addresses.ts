import { BlockList, isIP } from 'node:net';

/** Where an endpoint is said to be. Only addresses of that kind are asked, so that a name that has been turned elsewhere leads nowhere. */
export const NETWORKS = ['public', 'private', 'loopback'] as const;
export type Network = (typeof NETWORKS)[number];

type Range = readonly [address: string, prefix: number];

/** Never asked, whatever the configuration says: this network, link-local and the clouds' metadata, documentation, multicast, reserved. */
const NEVER_4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const PRIVATE_4: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
];
/** Within 2000::/3, outside of which nothing is public: tunnels, which hide an address of version 4, and documentation. */
const NEVER_6: readonly Range[] = [
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['fd00:ec2::254', 128],
];

const never4 = listOf('ipv4', NEVER_4);
const private4 = listOf('ipv4', PRIVATE_4);
const loopback4 = listOf('ipv4', [['127.0.0.0', 8]]);
const never6 = listOf('ipv6', NEVER_6);
const private6 = listOf('ipv6', [['fc00::', 7]]);
const public6 = listOf('ipv6', [['2000::', 3]]);

/** The kind of an address, or null for one that may never be asked (or that is none). Ranges: IANA special-purpose registries. */
export function networkOf(address: string): Network | null {
  const family = isIP(address);
  if (family === 4) {
    if (never4.check(address, 'ipv4')) return null;
    if (loopback4.check(address, 'ipv4')) return 'loopback';
    return private4.check(address, 'ipv4') ? 'private' : 'public';
  }
  if (family !== 6 || address.includes('%')) return null;
  const embedded = version4Within(address);
  if (embedded !== null) return networkOf(embedded);
  if (never6.check(address, 'ipv6')) return null;
  const groups = groupsOf(address);
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return 'loopback';
  if (private6.check(address, 'ipv6')) return 'private';
  return public6.check(address, 'ipv6') ? 'public' : null;
}

/** The address that `::ffff:a.b.c.d` (mapped) and `64:ff9b::a.b.c.d` (NAT64, RFC 6052) stand for. */
function version4Within(address: string): string | null {
  const groups = groupsOf(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  const isTranslated = groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0);
  if (!isMapped && !isTranslated) return null;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of an address of version 6. */
function groupsOf(address: string): number[] {
  // URL writes it in one way: no dotted end, at most one `::`.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const numbers = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  if (right === undefined) return numbers(left);
  const [head, tail] = [numbers(left), numbers(right)];
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

function listOf(family: 'ipv4' | 'ipv6', ranges: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, family);
  return list;
}
