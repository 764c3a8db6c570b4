import { SECOND } from '../../base/time.js';
import type { SkillExpression } from '../contract.js';
import type { Heard, RehearsalEvent } from './scene.js';

/** What happened, a line for each thing, as people read it. Nodes of another flow than `home` are told with their flow. */
export function transcriptOf(events: readonly RehearsalEvent[], home: string): string[] {
  const lines: string[] = [];
  let keys = '';
  for (const event of events) {
    // Keys in a row stand in one line.
    if (event.kind === 'pressed') {
      if (keys !== '') lines.pop();
      keys += event.key;
      lines.push(`  > ${keys}`);
      continue;
    }
    if (event.kind === 'wayTaken') continue;
    keys = '';
    lines.push(...linesOf(event, home));
  }
  return lines;
}

export const nodeName = (event: { readonly flowId: string; readonly node: string }, home: string): string =>
  event.flowId === home ? event.node : `${event.flowId}:${event.node}`;

/** `[due] 您本期应还`; the prompt's name without its flow. */
export const heardText = ({ prompt, words }: Heard): string => {
  const name = prompt === null ? 'say' : prompt.replace(/^[^/]*\//, '');
  return `[${name}]${words === '' ? '' : ` ${words}`}`;
};

function linesOf(event: Exclude<RehearsalEvent, { kind: 'pressed' | 'wayTaken' }>, home: string): string[] {
  switch (event.kind) {
    case 'entered':
      return [`at ${nodeName(event, home)}`];
    case 'heard':
      return event.heard.map((heard) => `  hears (${heard.language}) ${heardText(heard)}`);
    case 'silence':
      return [`  > waits ${event.forMs / SECOND}s`];
    case 'languageChosen':
      return [`  language is ${event.language}`];
    case 'queued': {
      const { queueId, lane, priority, skills, tier, agent } = event.effect;
      const more = [
        ...(lane === 'vip' ? ['lane vip'] : []),
        ...(priority === 0 ? [] : [`priority ${priority}`]),
        ...(Object.keys(skills).length === 0 ? [] : [`skills ${skillText(skills)}`]),
        ...(tier === undefined ? [] : [`tier ${tier}`]),
        ...(agent === undefined ? [] : [`kept for agent ${agent.agentId}`]),
      ];
      return [`  waits in queue ${queueId}${more.length === 0 ? '' : ` (${more.join(', ')})`}`];
    }
    case 'asked':
      return [`  asks ${event.endpoint} ${JSON.stringify(event.send)}`];
    case 'lookUpAnswered':
      return [`  ${event.endpoint} ${event.fault === null ? 'answers' : `has no answer: ${event.fault}`}`];
    case 'sent':
      return [`  sends to ${event.endpoint} ${JSON.stringify(event.message)}`];
    case 'recording':
      return [`  records a message for ${event.box}`];
    case 'dialled':
      return [`  dials ${event.number}`];
    case 'callbackDecided':
      return [event.refusal === null ? '  callback promised' : `  callback refused: ${event.refusal}`];
    case 'surveyAnswered':
      return [event.score === null ? '  gives no score' : `  gives ${event.score}`];
    case 'acted':
      return [`  > ${event.what}`];
    case 'ended':
      return [event.by === 'caller' ? `the caller hangs up (${event.outcome})` : `the call is ended (${event.outcome})`];
  }
}

export const skillText = (skills: SkillExpression): string => JSON.stringify(skills).replaceAll('"', '').replaceAll(',', ', ');
