import type { CheckedFlow, FlowNode, PromptPart } from '../program.js';

const MAX_WORDS = 14;

/** What stands under a node's name in a drawing: what it plays, asks, or where it sends the call. May be empty. */
export function nodeLabel(flow: CheckedFlow, node: FlowNode, language: string): string {
  const words = (parts: unknown): string => promptWords(flow, parts, language);
  const fields = node as unknown as Readonly<Record<string, unknown>>;
  switch (node.kind) {
    case 'play':
    case 'menu':
      return words(fields.prompts);
    case 'hours':
      return node.calendar;
    case 'queue':
      return node.lane === 'vip' ? `${node.to} (vip)` : node.to;
    case 'flow':
      return `→ ${node.flow}`;
    case 'set':
      return settings(node.language, node.variables);
    case 'identify':
    case 'branch':
    case 'return':
    case 'hangup':
    case 'next':
      return '';
    default:
      return named(fields) || words(fields.prompts ?? fields.prompt);
  }
}

/** Kinds that name one thing of the configuration, whatever the field is called. */
function named(fields: Readonly<Record<string, unknown>>): string {
  for (const name of ['endpoint', 'box', 'into', 'to', 'number', 'agent']) {
    const value = fields[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}

function settings(language: string | null, variables: ReadonlyArray<readonly [string, unknown]>): string {
  const parts = [...(language === null ? [] : [`language ${language}`]), ...variables.map(([name]) => name)];
  return shortened(parts.join(', '));
}

function promptWords(flow: CheckedFlow, parts: unknown, language: string): string {
  if (!Array.isArray(parts)) return '';
  const texts = (parts as readonly PromptPart[])
    .filter((part) => typeof part?.prompt === 'string')
    .map(({ prompt, language: fixed }) => {
      const words = flow.prompts.get(prompt);
      return words?.[fixed ?? language] ?? words?.[flow.languages[0] ?? ''] ?? prompt.replace(/^.*\//, '');
    });
  return shortened(texts.join(' '));
}

/** Chinese characters take two places of the length. */
export function shortened(text: string): string {
  let room = MAX_WORDS * 2;
  let cut = '';
  for (const character of text.replace(/\s+/g, ' ').trim()) {
    room -= isWide(character) ? 2 : 1;
    if (room < 0) return `${cut.trimEnd()}…`;
    cut += character;
  }
  return cut;
}

export const isWide = (character: string): boolean =>
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/.test(character) ||
  (character.codePointAt(0) ?? 0) > 0xffff;
