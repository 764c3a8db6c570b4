/**
 * The callers of the demonstration: what kinds there are, what each keys, how long each stays. A kind becomes one scenario of SIPp and one file of rows, one
 * row a call, in order by chance. Field 0 of a row is the number calling, 1 the number dialled, 2 the key for the language, the others as the kind says.
 */
export interface CallerKind {
  readonly name: string;
  /** Of the calls per minute; null: not on its own, see `RUSH`. */
  readonly share: number | null;
  readonly steps: readonly Step[];
  /** Then they wait to be hung up on, and leave after so long. */
  readonly staysMs: number;
  readonly hotline: 'cards' | 'transport' | 'either';
  /** Fields 2 and on. */
  readonly row: (nth: number) => readonly string[];
}

/** A key after a pause. `field` is filled from the row. */
export interface Step {
  readonly afterMs: readonly [least: number, most: number];
  readonly key: string | { readonly field: number };
}

/** Known to the demonstration's bank; what each owes follows from its last digits. All owe more than 600 yuan, so all can pay in instalments. */
export const DEMO_CARDS: readonly string[] = ['4111111111111111', ...[6_120, 7_305, 8_842, 9_016, 6_677].map(cardOwing)];
const ROWS = 60;
const KNOWN = 12;

const languageOf = (nth: number): string => (nth % 3 === 2 ? '2' : '1');
const LANGUAGE: Step = { afterMs: [4_500, 7_000], key: { field: 2 } };
const CHOICE: Step = { afterMs: [2_000, 5_000], key: { field: 3 } };
const digits = (from: number, count: number): Step[] =>
  Array.from({ length: count }, (_, nth) => ({ afterMs: nth === 0 ? [2_500, 4_000] : [250, 450], key: { field: from + nth } }));
/** What the bank's self-service asks for: 16 digits of a card, hash, six of a password. */
const VERIFY: readonly Step[] = [...digits(4, 16), { afterMs: [400, 800], key: '#' }, ...digits(20, 6)];
const verified = (nth: number, choice: string): string[] => {
  const card = DEMO_CARDS[nth % DEMO_CARDS.length] ?? '';
  return [languageOf(nth), choice, ...card, ...String(123_456 + nth)];
};

/** Most ask for an agent, every sixth of them about a lost card and every sixth at the transport card hotline. */
const toAgent = (nth: number): string[] => [languageOf(nth), nth % 6 === 2 ? '1' : '0'];
const isForTransport = (nth: number): boolean => nth % 6 === 4;

export const CALLER_KINDS: readonly CallerKind[] = [
  { name: 'patient', share: 0.4, steps: [LANGUAGE, CHOICE], staysMs: 90_000, hotline: 'either', row: toAgent },
  { name: 'impatient', share: 0.1, steps: [LANGUAGE, CHOICE], staysMs: 18_000, hotline: 'either', row: toAgent },
  // Hears the bill to its end and hangs up: contained.
  {
    name: 'balance',
    share: 0.16,
    steps: [LANGUAGE, CHOICE, ...VERIFY],
    staysMs: 34_000,
    hotline: 'cards',
    row: (nth) => verified(nth, '2'),
  },
  {
    name: 'instalments',
    share: 0.06,
    steps: [LANGUAGE, CHOICE, ...VERIFY, { afterMs: [9_000, 12_000], key: '1' }],
    staysMs: 90_000,
    hotline: 'cards',
    row: (nth) => verified(nth, '3'),
  },
  {
    name: 'transport-balance',
    share: 0.1,
    steps: [LANGUAGE, CHOICE, ...digits(4, 10)],
    staysMs: 16_000,
    hotline: 'transport',
    row: (nth) => [languageOf(nth), '1', ...String(1_234_500_000 + ((nth * 7_919) % 9_999) + 1)],
  },
  // Hears the menu and thinks better of it.
  { name: 'gives-up', share: 0.08, steps: [LANGUAGE], staysMs: 9_000, hotline: 'cards', row: (nth) => [languageOf(nth)] },
  // Asks in line to be called back (1), or leaves a message (2).
  {
    name: 'calls-back',
    share: 0.1,
    steps: [
      LANGUAGE,
      CHOICE,
      { afterMs: [4_000, 5_000], key: '*' },
      { afterMs: [2_000, 4_000], key: { field: 4 } },
      { afterMs: [14_000, 18_000], key: '#' },
    ],
    staysMs: 60_000,
    hotline: 'cards',
    row: (nth) => [languageOf(nth), '0', nth % 3 === 2 ? '2' : '1'],
  },
  { name: 'rush', share: null, steps: [LANGUAGE, CHOICE], staysMs: 38_000, hotline: 'either', row: toAgent },
];

/** Now and then many call at once, so that lines, late callers and an alarm are seen. */
export const RUSH = { kind: 'rush', firstAfterMs: 20_000, everyMs: 300_000, calls: 18, oneEveryMs: 1_300 } as const;

export interface Dialled {
  /** The numbers of the configuration: the first is taken for the card hotline, the second for the transport card's. */
  readonly numbers: readonly string[];
  /** Numbers of customers who are known. */
  readonly customerNumbers: readonly string[];
}

/** The rows of a kind. Of those who ask for an agent, some call from the numbers of known customers, so that the VIP lane is used. */
export function rowsOf(kind: CallerKind, { numbers: [cards = '', transport = cards], customerNumbers }: Dialled): string {
  const known = kind.hotline === 'either' ? customerNumbers.filter((number) => /^\d{2,20}$/.test(number)).slice(0, KNOWN) : [];
  const first = [...kind.name].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) * 10_000;
  const rows = Array.from({ length: ROWS }, (_, nth) => {
    const number = known[nth] ?? `139${String(10_000_000 + first + nth * 137).slice(-8)}`;
    const dialled = kind.hotline === 'transport' || (kind.hotline === 'either' && isForTransport(nth)) ? transport : cards;
    return [number, dialled, ...kind.row(nth)].join(';');
  });
  return `RANDOM\n${rows.join('\n')}\n`;
}

/** The scenario of a kind: the template with its keys in it. Throws when the template has no place for them. */
export function scenarioOf(kind: CallerKind, template: string): string {
  const KEYS = '<!-- keys -->';
  const STAY = /timeout="\d+"( ontimeout="leave" display="patience")/;
  if (!template.includes(KEYS) || !STAY.test(template))
    throw new Error('the template of the callers has no place for keys or patience');
  const keys = kind.steps.map((step, nth) => keyed(step, nth + 2)).join('');
  return template.replace(KEYS, () => keys).replace(STAY, `timeout="${kind.staysMs}"$1`);
}

/** By SIP INFO, so that no raw socket (root) is needed. */
const keyed = ({ afterMs: [least, most], key }: Step, cseq: number): string => `
  <pause distribution="uniform" min="${least}" max="${most}"/>
  <send retrans="500"><![CDATA[
      INFO [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      [routes]
      From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]caller[call_number]
      To: <sip:[field1]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: ${cseq} INFO
      Max-Forwards: 70
      Content-Type: application/dtmf-relay
      Content-Length: [len]

      Signal=${typeof key === 'string' ? key : `[field${key.field}]`}
      Duration=160
  ]]></send>
  <recv response="200"/>`;

/** A card number with a right check digit that owes this much (four digits), and some 0.1 yuan more: its last five digits are what it owes in 0.1 yuan. */
function cardOwing(yuan: number): string {
  const first = `62220212345${yuan}`;
  const sum = [...first].reverse().reduce((total, digit, nth) => {
    const value = Number(digit) * (nth % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return `${first}${(10 - (sum % 10)) % 10}`;
}
