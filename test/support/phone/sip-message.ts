import { createHash, randomBytes } from 'node:crypto';

/** Reading and writing SIP messages (RFC 3261), as much of it as a measuring phone needs. */

export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: SipHeaders;
  readonly body: string;
}
export interface SipResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: SipHeaders;
  readonly body: string;
}
export type SipMessage = SipRequest | SipResponse;
export type HeaderLine = readonly [name: string, value: string];

const COMPACT: Record<string, string> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  k: 'supported',
  e: 'content-encoding',
  s: 'subject',
};
const LISTS = new Set(['via', 'route', 'record-route', 'contact']);

/** Headers in order; names are matched without regard to case or compact form, lists are taken apart. */
export class SipHeaders {
  readonly #lines: Array<readonly [string, string]> = [];

  constructor(lines: Iterable<HeaderLine> = []) {
    for (const [name, value] of lines) this.add(name, value);
  }
  add(name: string, value: string): void {
    const lower = name.trim().toLowerCase();
    const full = COMPACT[lower] ?? lower;
    if (LISTS.has(full)) for (const part of splitList(value)) this.#lines.push([full, part]);
    else this.#lines.push([full, value.trim()]);
  }
  /** The first value, or an empty text. */
  get(name: string): string {
    return this.#lines.find(([known]) => known === name)?.[1] ?? '';
  }
  all(name: string): string[] {
    return this.#lines.filter(([known]) => known === name).map(([, value]) => value);
  }
  lines(): ReadonlyArray<readonly [string, string]> {
    return this.#lines;
  }
}

/** Splits at commas that are neither quoted nor within angle brackets. */
function splitList(value: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '<') depth++;
    else if (c === '>') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(value.slice(from, i).trim());
      from = i + 1;
    }
  }
  parts.push(value.slice(from).trim());
  return parts.filter((part) => part !== '');
}

/** Reads one datagram; null when it is no SIP (keep-alives, noise). */
export function parseSip(datagram: Buffer): SipMessage | null {
  const text = datagram.toString('utf8');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [start = '', ...lines] = text
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new SipHeaders();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.add(line.slice(0, colon), line.slice(colon + 1));
  }
  const body = text.slice(end + 4);
  const response = /^SIP\/2\.0 (\d{3})(?: (.*))?$/.exec(start);
  if (response) return { kind: 'response', status: Number(response[1]), reason: response[2] ?? '', headers, body };
  const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(start);
  if (request) return { kind: 'request', method: request[1] as string, uri: request[2] as string, headers, body };
  return null;
}

const PRETTY: Record<string, string> = { 'call-id': 'Call-ID', cseq: 'CSeq', 'www-authenticate': 'WWW-Authenticate' };
const pretty = (name: string): string =>
  PRETTY[name] ?? name.replace(/(^|-)([a-z])/g, (_, dash, letter) => dash + letter.toUpperCase());

/** Writes a message; Content-Length is added here. */
export function formatSip(start: string, headers: Iterable<HeaderLine>, body = ''): Buffer {
  const lines = [start];
  for (const [name, value] of headers) if (name !== 'content-length') lines.push(`${pretty(name)}: ${value}`);
  lines.push(`Content-Length: ${Buffer.byteLength(body)}`, '', body);
  return Buffer.from(lines.join('\r\n'));
}

const REASONS: Record<number, string> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  404: 'Not Found',
  408: 'Request Timeout',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  603: 'Decline',
};

/** A response to a request: Via, From, To (with our tag), Call-ID and CSeq are copied. */
export function formatResponse(
  request: SipRequest,
  status: number,
  toTag: string | null,
  extra: readonly HeaderLine[] = [],
  body = '',
): Buffer {
  const headers: HeaderLine[] = [];
  for (const via of request.headers.all('via')) headers.push(['via', via]);
  for (const route of request.headers.all('record-route')) headers.push(['record-route', route]);
  headers.push(['from', request.headers.get('from')]);
  const to = request.headers.get('to');
  headers.push(['to', toTag !== null && tagOf(to) === null ? `${to};tag=${toTag}` : to]);
  headers.push(['call-id', request.headers.get('call-id')], ['cseq', request.headers.get('cseq')], ...extra);
  return formatSip(`SIP/2.0 ${status} ${REASONS[status] ?? 'Status'}`, headers, body);
}

/** The address inside a name-addr: `"Wang" <sip:1001@10.0.0.1>;tag=x` gives `sip:1001@10.0.0.1`. */
export function uriOf(nameAddr: string): string {
  const angle = /<([^>]*)>/.exec(nameAddr);
  return angle ? (angle[1] as string) : (nameAddr.split(';')[0] as string).trim();
}
export const tagOf = (nameAddr: string): string | null => /;\s*tag=([^;>\s]+)/i.exec(nameAddr.replace(/^.*>/, ''))?.[1] ?? null;
export const userOf = (uri: string): string => /^sips?:([^@;>]*)@/i.exec(uri)?.[1]?.split(':')[0] ?? '';
/** The name shown before the address, without its quotes. */
export const displayOf = (nameAddr: string): string =>
  /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*</
    .exec(nameAddr)
    ?.slice(1, 3)
    .find((x) => x !== undefined)
    ?.replace(/\\(.)/g, '$1') ?? '';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}
/** Host and port of a SIP address; the port is 5060 unless given. */
export function hostPortOf(uri: string): HostPort | null {
  const found = /^sips?:(?:[^@;>]*@)?([^:;?>]+)(?::(\d+))?/i.exec(uri);
  return found ? { host: found[1] as string, port: Number(found[2] ?? 5060) } : null;
}
export const branchOf = (message: SipMessage): string => /;\s*branch=([^;\s]+)/i.exec(message.headers.get('via'))?.[1] ?? '';
export function cseqOf(message: SipMessage): { number: number; method: string } {
  const [number = '0', method = ''] = message.headers.get('cseq').split(/\s+/);
  return { number: Number(number), method };
}
/** A new random token: tags, branches, Call-IDs, SSRCs. */
export const token = (bytes = 8): string => randomBytes(bytes).toString('hex');
export const newBranch = (): string => `z9hG4bK${token()}`;

/** The answer to a digest challenge (RFC 2617, MD5, with or without qop=auth); null when the challenge asks for anything else. */
export function digestAnswer(
  challenge: string,
  request: { method: string; uri: string },
  account: { user: string; password: string },
): string | null {
  if (!/^digest\s/i.test(challenge)) return null;
  const field = (name: string): string | undefined => {
    const found = new RegExp(`[\\s,]${name}=(?:"([^"]*)"|([^\\s,]+))`, 'i').exec(challenge);
    return found?.[1] ?? found?.[2];
  };
  const realm = field('realm') ?? '';
  const nonce = field('nonce') ?? '';
  const algorithm = field('algorithm') ?? 'MD5';
  if (!/^md5$/i.test(algorithm)) return null;
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const ha1 = md5(`${account.user}:${realm}:${account.password}`);
  const ha2 = md5(`${request.method}:${request.uri}`);
  const qop = (field('qop') ?? '')
    .split(',')
    .map((x) => x.trim())
    .includes('auth');
  const cnonce = token(4);
  const response = qop ? md5(`${ha1}:${nonce}:00000001:${cnonce}:auth:${ha2}`) : md5(`${ha1}:${nonce}:${ha2}`);
  const opaque = field('opaque');
  return [
    `Digest username="${account.user}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${request.uri}"`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ...(qop ? ['qop=auth', 'nc=00000001', `cnonce="${cnonce}"`] : []),
  ].join(', ');
}
