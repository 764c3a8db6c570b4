import { localTime } from '../../base/calendar.js';
import { MINUTE } from '../../base/time.js';
import { formatFinding } from '../../flow/finding.js';
import type { FlowNode } from '../../flow/program.js';
import { ACTION_FORMS, parseAction } from '../../flow/rehearsal/actions.js';
import { parseMoment } from '../../flow/rehearsal/moment.js';
import { Rehearsal } from '../../flow/rehearsal/rehearsal.js';
import type { Scene } from '../../flow/rehearsal/scene.js';
import { transcriptOf } from '../../flow/rehearsal/transcript.js';
import { readFlowWithNeighbours, type Surroundings, surroundingsOf } from './read-flows.js';
import type { LineSource } from './terminal-lines.js';

export interface TryOptions {
  readonly config: string;
  readonly number: string;
  readonly dialled?: string | undefined;
  readonly language?: string | undefined;
  readonly at?: string | undefined;
}

type Say = (line: string) => void;

const OWN_FORMS: ReadonlyArray<readonly [form: string, meaning: string]> = [
  ['again', 'call again, at the time that it is now'],
  ['vars', 'what the variables hold'],
  ['help', 'this list'],
  ['quit', 'stop'],
];

/** Walks a flow in the terminal. Returns the exit code: 1 when the flow has errors, or a piped line could not be done. */
export async function tryFlow(file: string, options: TryOptions, source: LineSource, say: Say): Promise<number> {
  const surroundings = await surroundingsOf(options.config);
  const scene = await sceneOf(file, options, surroundings, say);
  if (scene === null) return 1;
  const when = momentText(surroundings.config?.site.timeZone ?? 'UTC', scene.atMs);
  const { flow } = scene;
  say(`${flow.title[scene.language ?? flow.languages[0] ?? ''] ?? flow.flowId} (${flow.flowId} ${flow.version}), ${when}`);
  say(`${scene.ani} calls ${scene.dnis}. Type help for what can be done.`);
  const trial = new Trial(scene, say);
  let failed = 0;
  const lines = source(() => trial.isSecret);
  for await (const line of lines) {
    const text = line.trim();
    if (text === 'quit' || text === 'exit') break;
    // A comment or an empty line of a script; at a terminal, a caller who listens on.
    if (text.startsWith('# ')) continue;
    if (!trial.do(text)) failed++;
  }
  lines.close();
  return failed > 0 ? 1 : 0;
}

class Trial {
  private rehearsal: Rehearsal;
  private shown = 0;

  constructor(
    private readonly scene: Scene,
    private readonly say: Say,
  ) {
    this.rehearsal = this.call(scene.atMs);
  }

  get isSecret(): boolean {
    return this.rehearsal.isSecret;
  }

  /** False: it could not be done. */
  do(text: string): boolean {
    if (text === 'help') {
      for (const [form, meaning] of [...ACTION_FORMS, ...OWN_FORMS]) this.say(`  ${form.padEnd(28)} ${meaning}`);
      return true;
    }
    if (text === 'vars') {
      this.say(`  ${JSON.stringify(this.rehearsal.state.vars)}`);
      return true;
    }
    if (text === 'again') {
      this.rehearsal = this.call(this.rehearsal.atMs);
      return true;
    }
    // Who is asked for a key types the key.
    const action = parseAction(text === '' ? 'listen' : /^[0-9*#]+$/.test(text) ? `type ${text}` : text);
    const done = action.ok ? this.rehearsal.act(action.value) : action;
    if (done.ok && action.ok && action.value.kind !== 'clock') this.rehearsal.listen();
    this.show();
    if (!done.ok) this.say(`  cannot: ${typeof done.error === 'string' ? done.error : done.error.en}`);
    return done.ok;
  }

  private call(atMs: number): Rehearsal {
    const rehearsal = new Rehearsal({ ...this.scene, atMs });
    this.rehearsal = rehearsal;
    this.shown = 0;
    rehearsal.listen();
    this.show();
    return rehearsal;
  }

  private show(): void {
    const { events } = this.rehearsal;
    for (const line of transcriptOf(events.slice(this.shown), this.scene.flow.flowId)) this.say(line);
    this.shown = events.length;
    const question = questionOf(this.rehearsal);
    if (question !== null) this.say(`? ${question}`);
  }
}

/** What can be done here, in a line. */
function questionOf(rehearsal: Rehearsal): string | null {
  if (rehearsal.ended) return 'the call is over: again, quit';
  const { state, node } = rehearsal;
  switch (state.waitingFor) {
    case 'prompt':
    case 'key':
      return `${state.node}: ${node === null ? 'a key' : keysOf(node)}, or wait`;
    case 'queue':
      return rehearsal.inTalk ? 'agent leaves, hang up' : 'agent answers, queue timedOut, wait, hang up';
    case 'lookup':
      return `${rehearsal.askedEndpoint}: lookup { ... }, lookup fails timeout`;
    case 'message':
      return 'speak 10s, speak nothing, press hash';
    case 'transfer':
      return 'transfer talked, transfer busy';
    default:
      return null;
  }
}

function keysOf(node: FlowNode): string {
  if (node.kind === 'menu') return `press ${[...node.keys.keys()].join(', ')}`;
  if (node.kind === 'language' && node.choice !== null) return `press ${[...node.choice.keys.keys()].join(', ')}`;
  if (node.kind === 'survey') return `press 1 to ${node.scale}`;
  if (node.kind === 'collect') {
    const length = node.min === node.max ? `${node.min}` : `${node.min} to ${node.max}`;
    return `type ${length} digits${node.end === null ? '' : `, then ${node.end}`}${node.secure ? ' (secure)' : ''}`;
  }
  return 'press a key';
}

/** `2026-11-20 10:00 Asia/Shanghai`. */
function momentText(timeZone: string, atMs: number): string {
  const { day, msOfDay } = localTime(timeZone, atMs);
  const minutes = Math.floor(msOfDay / MINUTE);
  return `${day} ${`${Math.floor(minutes / 60)}`.padStart(2, '0')}:${`${minutes % 60}`.padStart(2, '0')} ${timeZone}`;
}

async function sceneOf(file: string, options: TryOptions, surroundings: Surroundings, say: Say): Promise<Scene | null> {
  const read = await readFlowWithNeighbours(file, surroundings.known);
  if (!read.ok) {
    for (const finding of read.error) say(formatFinding(finding));
    return null;
  }
  const { flow, flows } = read.value;
  const atMs = options.at === undefined ? Date.now() : parseMoment(options.at);
  if (atMs === null) {
    say('--at is a moment with its distance from UTC, like 2026-11-20T10:00+08:00');
    return null;
  }
  if (options.language !== undefined && !flow.languages.includes(options.language)) {
    say(`--language is one of ${flow.languages.join(', ')}`);
    return null;
  }
  const { config, isOpen, promptText } = surroundings;
  const numbers = Object.entries(config?.numbers ?? {});
  const dialled = options.dialled ?? numbers.find(([, flowId]) => flowId === flow.flowId)?.[0] ?? '95588';
  return {
    flow,
    atMs,
    ani: options.number,
    dnis: dialled,
    language: options.language ?? null,
    flowNamed: (flowId) => flows.get(flowId) ?? null,
    customerByNumber: (ani) => config?.customers.byNumber(ani) ?? null,
    customerByAccount: (account) => config?.customers.byAccount(account) ?? null,
    isOpen,
    emergency: null,
    promptText,
    answerOf: () => null,
    callback: null,
  };
}
