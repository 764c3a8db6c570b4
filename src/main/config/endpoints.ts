import { resolve } from 'node:path';
import { z } from 'zod';
import { NETWORKS, type Network, networkOf } from '../../adapters/look-ups/addresses.js';
import { MINUTE, type Ms, SECOND } from '../../base/time.js';
import { bytes, count, duration, name, path } from './values.js';

/** `endpoints.yaml`: the systems that flows may ask (`lookup`) and tell (`message`), by name. A flow never holds an address. */

interface EndpointOf {
  readonly url: string;
  readonly network: Network;
  /** What one request may take in all: name, connection, answer. */
  readonly timeoutMs: Ms;
  readonly headers: Readonly<Record<string, string>>;
  /** Absolute; holds the value of the header `authorization`. Null: none is sent. */
  readonly secretFile: string | null;
}
export interface LookUpEndpoint extends EndpointOf {
  readonly kind: 'lookup';
  readonly method: 'GET' | 'POST';
  readonly maxBytes: number;
  /** Requests under way at once. */
  readonly atOnce: number;
}
export interface MessageEndpoint extends EndpointOf {
  readonly kind: 'message';
  /** Absolute; holds the key that messages are signed with. Null: they are not signed. */
  readonly signFile: string | null;
  readonly attempts: number;
}
export type Endpoint = LookUpEndpoint | MessageEndpoint;

/** What we say ourselves, and what would carry a secret in a file that is kept with the project. */
const OWN_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'content-encoding',
  'accept-encoding',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'keep-alive',
]);
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie']);

const headerName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, { error: 'a header is letters, digits and dashes; at most 64' })
  .refine((header) => !OWN_HEADERS.has(header.toLowerCase()) && !header.toLowerCase().startsWith('x-hotline-'), {
    error: 'this header is set by hotline itself',
  })
  .refine((header) => !SECRET_HEADERS.has(header.toLowerCase()), {
    error: 'no secret in this file; put the value of authorization into a file and name it by secretFile',
  });
const headerValue = z
  .string({ error: 'a text is needed' })
  .regex(/^[\x20-\x7e]{1,500}$/, { error: 'letters, digits and signs of ASCII only; at most 500' });

const common = {
  url: z.string({ error: 'an address is needed' }).max(500, { error: 'at most 500 characters' }),
  network: z
    .enum(NETWORKS)
    .default('public')
    .describe('where its address must lie; private: the inner network (10/8, 172.16/12, 192.168/16 ...), loopback: this machine'),
  insecure: z.boolean().default(false).describe('true allows http:// beyond this machine'),
  headers: z.record(headerName, headerValue).default({}),
  secretFile: path.optional().describe('file that holds the value of the header authorization, like "Bearer ..."'),
};

const lookUp = z.strictObject({
  kind: z.literal('lookup'),
  ...common,
  method: z
    .enum(['GET', 'POST'])
    .default('POST')
    .describe('POST sends JSON; GET puts the values into the address, and is never used for secure digits'),
  timeout: duration(50, 10 * SECOND)
    .default(2 * SECOND)
    .describe('for all of it; a flow may ask for less'),
  maxBytes: bytes(1, 1024 * 1024)
    .default(64 * 1024)
    .describe('a longer answer is refused'),
  atOnce: count(1, 1_000).default(50).describe('one more is refused as busy'),
});

const message = z.strictObject({
  kind: z.literal('message'),
  ...common,
  sign: z
    .strictObject({ secretFile: path.describe('file that holds the key') })
    .optional()
    .describe('messages carry x-hotline-signature: t=SECONDS,v1=HMAC-SHA256 of "SECONDS.BODY"'),
  timeout: duration(50, MINUTE).default(5 * SECOND),
  attempts: count(1, 16).default(8).describe('the first after 1 s, then twice as long each time: 8 take about two minutes'),
});

const endpoint = z.discriminatedUnion('kind', [lookUp, message], { error: 'kind is lookup or message' });

export const endpointsShape = z.strictObject({
  endpoints: z.record(
    name,
    endpoint.superRefine((value, context) => {
      const refusal = refusalOf(value);
      if (refusal) context.addIssue({ code: 'custom', path: ['url'], message: refusal[1], params: { rule: refusal[0] } });
    }),
  ),
});
export type EndpointsFile = z.output<typeof endpointsShape>;

/** Rule and sentence. The address itself is not repeated: it may hold a password. */
function refusalOf(raw: z.output<typeof endpoint>): [rule: string, message: string] | null {
  if (!URL.canParse(raw.url)) return ['bad-url', 'not an address; write it like https://bank.example/hotline'];
  const { protocol, username, password, hash, hostname } = new URL(raw.url);
  if (protocol !== 'https:' && protocol !== 'http:') return ['bad-url', 'an address begins with https:// (or http://)'];
  if (username !== '' || password !== '') return ['secret-in-file', 'no name and password in an address; use secretFile'];
  if (hash !== '') return ['bad-url', 'nothing after a # is ever sent'];
  if (protocol === 'http:' && raw.network !== 'loopback' && !raw.insecure) {
    return ['not-encrypted', 'use https://, or say "insecure: true" if others may read what is asked and answered'];
  }
  const literal = hostname.replace(/^\[|\]$/g, '');
  const isAddress = /^[\d.]+$/.test(literal) || literal.includes(':');
  if (!isAddress) return null;
  const lies = networkOf(literal);
  if (lies === null) return ['forbidden-address', 'this address may never be asked (link-local, multicast, reserved)'];
  return lies === raw.network ? null : ['forbidden-address', `this address is ${lies}; say "network: ${lies}" if that is meant`];
}

export function buildEndpoints(file: EndpointsFile | null, base: string): Readonly<Record<string, Endpoint>> {
  const absolute = (file: string | undefined): string | null => (file === undefined ? null : resolve(base, file));
  return Object.fromEntries(
    Object.entries(file?.endpoints ?? {}).map(([id, raw]): [string, Endpoint] => {
      const { url, network, headers, timeout: timeoutMs } = raw;
      const shared = { url, network, headers, timeoutMs, secretFile: absolute(raw.secretFile) };
      if (raw.kind === 'lookup') {
        const { method, maxBytes, atOnce } = raw;
        return [id, { ...shared, kind: 'lookup', method, maxBytes, atOnce }];
      }
      return [id, { ...shared, kind: 'message', signFile: absolute(raw.sign?.secretFile), attempts: raw.attempts }];
    }),
  );
}

/** The files of secrets that the endpoints name, each with the endpoint that names it. */
export const secretFilesOf = (endpoints: Readonly<Record<string, Endpoint>>): [name: string, file: string][] =>
  Object.entries(endpoints).flatMap(([name, endpoint]) =>
    [endpoint.secretFile, endpoint.kind === 'message' ? endpoint.signFile : null].flatMap((file): [string, string][] =>
      file === null ? [] : [[name, file]],
    ),
  );
