import { type Command, Option } from 'commander';
import { EXPLANATION_LANGUAGES, type ExplanationLanguage } from '../acd/explanation.js';
import { RedisStore } from '../adapters/redis/redis-store.js';
import type { Fact } from '../base/facts.js';
import { type CallId, isPlainId } from '../base/ids.js';
import { explanationOf } from '../main/explanation.js';
import { type Host, processHost } from '../main/host.js';
import { readSite } from '../main/site.js';

interface Flags {
  readonly lang?: ExplanationLanguage;
  readonly url?: string;
  readonly token?: string;
  readonly redis?: boolean;
  readonly config?: string;
}

const EX_CONFIG = 78;
const EX_UNAVAILABLE = 69;
const ANSWER_WITHIN_MS = 10_000;
const PAGE = 5_000;
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** `hotline explain CALL`: why a call went as it went, asked of the running hotline, or read from the facts in Redis when none runs. */
export function addExplainCommand(program: Command, host: Host = processHost()): void {
  program
    .command('explain')
    .description('Say in words why a call went as it went: who was there, which rule decided, who was passed over')
    .argument('<call>', 'id of the call, as the API and the log show it')
    .addOption(new Option('--lang <language>', 'language of the sentences').choices([...EXPLANATION_LANGUAGES]))
    .option('--url <url>', 'address of the running hotline (else that of the configuration)')
    .option('--token <token>', 'access token (else HOTLINE_TOKEN)')
    .option('--redis', 'read the facts from Redis instead: no hotline needs to run')
    .option('-c, --config <folder>', 'folder of the configuration (else HOTLINE_CONFIG, else ./config)')
    .action(async (call: string, flags: Flags) => {
      const said = await explain(call, flags, host.env);
      if (said.code === 0) host.write(said.text);
      else console.error(`hotline: ${said.text}`);
      host.setExitCode(said.code);
    });
}

export interface Said {
  readonly code: number;
  readonly text: string;
}

/** Asks, and answers with the text or with what stood in the way and an exit code. */
export async function explain(call: string, flags: Flags, env: Host['env']): Promise<Said> {
  if (!isPlainId(call)) return { code: 2, text: 'that is not the id of a call' };
  if (flags.url !== undefined) return fromApi(flags.url, call, flags.lang, flags.token ?? env.HOTLINE_TOKEN);
  const site = await readSite({ env, config: flags.config });
  if (!site.ok) return { code: EX_CONFIG, text: 'the configuration has mistakes; `hotline doctor` names them, or give --url' };
  const { settings } = site.value;
  if (!flags.redis) {
    const { host, port } = settings.http;
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
    return fromApi(`http://${name}:${port}`, call, flags.lang, flags.token ?? env.HOTLINE_TOKEN);
  }
  const first = settings.site.languages[0];
  const language = flags.lang ?? EXPLANATION_LANGUAGES.find((each) => each === first) ?? 'en';
  let facts: Fact[];
  try {
    facts = await factsFromRedis(settings.redis, call);
  } catch (error) {
    return { code: EX_UNAVAILABLE, text: (error as Error).message };
  }
  const explanation = explanationOf(settings, facts, call as CallId, language);
  return explanation
    ? { code: 0, text: explanation.text }
    : { code: 1, text: `there is no call "${call}" in the facts that Redis keeps` };
}

async function fromApi(url: string, call: string, lang: string | undefined, token: string | undefined): Promise<Said> {
  const query = lang === undefined ? '' : `?lang=${lang}`;
  let answer: Response;
  try {
    answer = await fetch(new URL(`/api/v1/calls/${call}/explanation${query}`, url), {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      redirect: 'error',
    });
  } catch {
    return { code: EX_UNAVAILABLE, text: `no hotline answers at ${url}; --redis reads the facts without one` };
  }
  const body = (await answer.json().catch(() => ({}))) as { text?: unknown; message?: unknown };
  if (answer.ok && typeof body.text === 'string') return { code: 0, text: body.text };
  return { code: 1, text: typeof body.message === 'string' ? body.message : `the answer was ${answer.status}` };
}

/** All facts that speak of the call, and the choices that it stood in too. Reads the whole stream: for a hotline that does not run. */
async function factsFromRedis({ url, domain }: { url: string; domain: string }, call: string): Promise<Fact[]> {
  const store = await RedisStore.connect({ url, domain, log: SILENT });
  try {
    const found: Fact[] = [];
    let after = 0;
    for (let page = await store.facts(after, PAGE); page.length > 0; page = await store.facts(after, PAGE)) {
      found.push(...page.filter((fact) => speaksOf(fact, call)));
      after = (page.at(-1) as Fact).seq;
    }
    return found;
  } finally {
    await store.close();
  }
}

const speaksOf = (fact: Fact, call: string): boolean =>
  ('callId' in fact && fact.callId === call) ||
  (fact.kind === 'callOffered' && fact.why.candidates.some(({ id }) => id === call));
