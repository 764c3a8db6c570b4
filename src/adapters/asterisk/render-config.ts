import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A phone that may register (password) or stands at a fixed address (contact). */
export interface AsteriskPhone {
  readonly name: string;
  /** Digest password; null only for a phone at a fixed loopback address. */
  readonly password: string | null;
  /** `sip:1001@127.0.0.1:6101` for a phone that does not register, else null. */
  readonly contact: string | null;
}

export interface AsteriskTrunk {
  readonly name: string;
  /** Address or network (CIDR) that calls of this trunk come from. */
  readonly match: string;
  /** `sip:192.0.2.1:5060`: where calls by this trunk go. Absent: calls come in only. */
  readonly contact?: string | null;
}

export interface AsteriskConfigInput {
  readonly folders: {
    readonly etc: string;
    readonly modules: string;
    /** Asterisk's own read-only data (documentation, rest-api). */
    readonly data: string;
    readonly state: string;
    /** Recordings land in `<spool>/recording`. */
    readonly spool: string;
    readonly run: string;
    readonly log: string;
    /** Music on hold: every sound file in it is played. */
    readonly music: string;
  };
  readonly sip: { readonly host: string; readonly port: number };
  readonly rtp: { readonly from: number; readonly to: number };
  readonly ari: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly phones: readonly AsteriskPhone[];
  readonly trunks: readonly AsteriskTrunk[];
  /** Numbers of the hotline that our own phones may dial too. */
  readonly ownNumbers: readonly string[];
  /** What a caller hears while no controller is there. Sound files without ending; a missing one becomes a tone. */
  readonly fallback: {
    readonly announcements: readonly string[];
    readonly goodbye: string;
    /** Names of phones. */
    readonly members: readonly string[];
    readonly waitS: number;
  };
  /** Asterisk's own app_queue for comparison: callers dial `number`, `members` are names of phones. */
  readonly bench?: { readonly number: string; readonly members: readonly string[]; readonly wrapUpS: number } | undefined;
}

/** A value that would mean something to Asterisk is refused, never escaped. */
export class UnsafeConfigValue extends Error {
  constructor(what: string, value: string) {
    super(`Asterisk configuration: ${what} ${JSON.stringify(value)} has a character that is not allowed there`);
    this.name = 'UnsafeConfigValue';
  }
}

// No alphabet has ; [ ] $ { } & | , ( ) " ' \ or a control character: those are where Asterisk's files and dialplan begin to interpret.
const ALPHABETS = {
  // Parentheses and commas would end a dialplan argument, "=" and ";" a value; a space only inside.
  path: /^\/[\p{L}\p{N}_./+~-]+(?: +[\p{L}\p{N}_./+~-]+)*$/u,
  name: /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/,
  secret: /^[A-Za-z0-9_-]{12,128}$/,
  contact: /^sip:[A-Za-z0-9_-]{1,40}@(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,39}\]):[0-9]{1,5}$/,
  host: /^sip:(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,39}\]):[0-9]{1,5}$/,
  address: /^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[?[0-9A-Fa-f:]{2,39}\]?)$/,
  network: /^[0-9A-Fa-f.:]{2,45}(?:\/[0-9]{1,3})?$/,
  dialled: /^\+?[0-9]{2,20}$/,
} as const;

function checked(kind: keyof typeof ALPHABETS, what: string, value: string): string {
  if (!ALPHABETS[kind].test(value)) throw new UnsafeConfigValue(what, value);
  return value;
}

function whole(what: string, value: number, min: number, max: number): string {
  if (!Number.isInteger(value) || value < min || value > max) throw new UnsafeConfigValue(what, String(value));
  return String(value);
}

const port = (what: string, value: number): string => whole(what, value, 1, 65_535);

/** Names of template files by folder: `*.conf` in it, and `blocks/*.conf` which are repeated per phone or trunk. */
export interface AsteriskTemplates {
  readonly files: ReadonlyMap<string, string>;
  readonly blocks: ReadonlyMap<string, string>;
}

/** Reads `dialplan/asterisk`. */
export function readAsteriskTemplates(folder: string): AsteriskTemplates {
  const read = (from: string): Map<string, string> =>
    new Map(
      readdirSync(from)
        .filter((name) => name.endsWith('.conf'))
        .sort()
        .map((name) => [name, readFileSync(join(from, name), 'utf8')]),
    );
  return { files: read(folder), blocks: read(join(folder, 'blocks')) };
}

/**
 * The whole configuration folder of a private Asterisk, by file name. Pure: the same input gives the same text.
 * Throws `UnsafeConfigValue` for a value outside its alphabet, and `Error` for a placeholder that nobody fills.
 */
export function renderAsteriskConfig(input: AsteriskConfigInput, templates: AsteriskTemplates): Map<string, string> {
  const names = new Set<string>();
  for (const { name } of [...input.phones, ...input.trunks]) {
    checked('name', 'phone or trunk name', name);
    if (names.has(name)) throw new Error(`Asterisk configuration: ${name} is there twice`);
    names.add(name);
  }
  const values = { ...placeValues(input), ...phoneValues(input, templates), ...dialplanValues(input, names, templates) };
  const rendered = new Map<string, string>();
  for (const [file, text] of templates.files) rendered.set(file, fill(file, text, values));
  return rendered;
}

function placeValues(input: AsteriskConfigInput): Record<string, string> {
  const { folders, sip, rtp, ari } = input;
  if (rtp.to <= rtp.from) throw new UnsafeConfigValue('end of the RTP range', String(rtp.to));
  return {
    etcFolder: checked('path', 'folder', folders.etc),
    modulesFolder: checked('path', 'folder', folders.modules),
    dataFolder: checked('path', 'folder', folders.data),
    stateFolder: checked('path', 'folder', folders.state),
    spoolFolder: checked('path', 'folder', folders.spool),
    runFolder: checked('path', 'folder', folders.run),
    logFolder: checked('path', 'folder', folders.log),
    musicFolder: checked('path', 'folder', folders.music),
    sipHost: checked('address', 'SIP address', sip.host),
    sipPort: port('SIP port', sip.port),
    rtpFrom: port('start of the RTP range', rtp.from),
    rtpTo: port('end of the RTP range', rtp.to),
    ariHost: checked('address', 'ARI address', ari.host),
    ariPort: port('ARI port', ari.port),
    ariUser: checked('name', 'ARI user', ari.user),
    ariPassword: checked('secret', 'ARI password', ari.password),
  };
}

function phoneValues(input: AsteriskConfigInput, templates: AsteriskTemplates): Record<string, string> {
  // RTP binds to every address unless told otherwise; on one chosen address it has to stay there.
  const media = input.sip.host === '0.0.0.0' ? '' : `media_address = ${input.sip.host}\nbind_rtp_to_media_address = yes`;
  const phones = input.phones.map((phone) => {
    const { name, password, contact } = phone;
    if (password === null && !isLoopbackContact(contact)) {
      throw new Error(`Asterisk configuration: phone ${name} has no password, so it must have a contact on 127.0.0.1`);
    }
    const auth =
      password === null
        ? ''
        : fill('phone-auth.conf', block(templates, 'phone-auth.conf'), {
            name,
            password: checked('secret', 'phone password', password),
          });
    const endpoint = fill('phone.conf', block(templates, 'phone.conf'), {
      name,
      context: 'from-agents',
      authLine: password === null ? '' : `auth = ${name}`,
      rewriteContact: contact === null ? 'yes' : 'no',
      mediaLines: media,
      // Without a password the name alone is no proof, so it counts on this machine only.
      aclLines: password === null ? 'deny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.0/255.0.0.0' : '',
      contactLines:
        contact === null
          ? 'remove_existing = yes\ndefault_expiration = 120\nqualify_frequency = 30'
          : `contact = ${checked('contact', 'phone contact', contact)}`,
    });
    return endpoint + auth;
  });
  const trunks = input.trunks.map(({ name, match, contact = null }) =>
    fill('trunk.conf', block(templates, 'trunk.conf'), {
      name,
      match: checked('network', 'trunk address', match),
      mediaLines: media,
      aorsLine: contact === null ? '' : `aors = ${name}`,
      aorBlock:
        contact === null
          ? ''
          : `[${name}]\ntype = aor\nmax_contacts = 1\ncontact = ${checked('host', 'trunk contact', contact)}\n`,
    }),
  );
  return { phones: phones.join('\n'), trunks: trunks.join('\n') };
}

function isLoopbackContact(contact: string | null): boolean {
  return contact !== null && /@127\.0\.0\.[0-9]{1,3}:[0-9]+$/.test(contact);
}

function dialplanValues(
  input: AsteriskConfigInput,
  names: ReadonlySet<string>,
  templates: AsteriskTemplates,
): Record<string, string> {
  const { fallback, bench } = input;
  const members = (list: readonly string[]): string =>
    list
      .map((name) => {
        if (!names.has(name)) throw new Error(`Asterisk configuration: queue member ${name} is no phone`);
        return `member => PJSIP/${checked('name', 'queue member', name)}`;
      })
      .join('\n');
  const number = bench ? checked('dialled', 'bench number', bench.number) : '';
  return {
    ownNumbers: input.ownNumbers
      .map((own) => `exten => ${checked('dialled', 'number', own)},1,Goto(inbound,\${EXTEN},1)`)
      .join('\n'),
    fallbackAnnouncement: fallback.announcements
      .map((file) => ` same => n,Gosub(say-or-beep,s,1(${checked('path', 'announcement', file)}))`)
      .join('\n'),
    goodbyePrompt: checked('path', 'goodbye prompt', fallback.goodbye),
    fallbackWaitS: whole('fallback wait', fallback.waitS, 1, 86_400),
    fallbackMembers: members(fallback.members),
    benchEntry: bench ? `exten => ${number},1,Goto(from-bench,${number},1)` : '',
    benchContext: bench ? fill('bench-context.conf', block(templates, 'bench-context.conf'), { number }) : '',
    benchQueue: bench
      ? fill('bench-queue.conf', block(templates, 'bench-queue.conf'), {
          members: members(bench.members),
          wrapUpS: whole('bench wrap-up', bench.wrapUpS, 0, 3_600),
        })
      : '',
  };
}

function block(templates: AsteriskTemplates, name: string): string {
  const text = templates.blocks.get(name);
  if (text === undefined) throw new Error(`Asterisk configuration: the template blocks/${name} is missing`);
  return text;
}

/** Puts values for `@name@`. A line that held only an empty value is dropped. */
function fill(file: string, text: string, values: Readonly<Record<string, string>>): string {
  return text
    .split('\n')
    .filter((line) => {
      const only = /^@([A-Za-z]+)@$/.exec(line);
      return !only || values[only[1] ?? ''] !== '';
    })
    .map((line) =>
      line.replace(/@([A-Za-z]+)@/g, (_match, name: string) => {
        const value = Object.hasOwn(values, name) ? values[name] : undefined;
        if (value === undefined) throw new Error(`Asterisk configuration: nothing fills @${name}@ in ${file}`);
        return value;
      }),
    )
    .join('\n');
}
