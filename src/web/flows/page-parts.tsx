import type { ComponentChildren } from 'preact';
import { type Finding, messageIn } from '../../flow/finding.js';
import { ruleWords } from '../../flow/rule-words.js';
import type { FlowView, RefusedFileView } from '../../flow/views.js';
import { type Refused, serverNowMs } from '../api.js';
import { Mark } from '../icons.js';
import { flowUrl } from '../router.js';
import { language } from '../settings.js';
import { byName, formatAgo } from './flow-formats.js';
import { FLOW_WORDS } from './words.js';

/** Why there is nothing new to see; nothing while all is well. */
export function Trouble({ refusal }: { refusal: Refused | null }) {
  const words = FLOW_WORDS[language.value];
  if (refusal === null || refusal.status === 401) return null;
  const text = refusal.id === 'no-answer' ? words.offline : refusal.status === 404 ? words.notKept : refusal.message;
  return (
    <p class="trouble" role="status">
      <Mark name="alert" /> {text}
    </p>
  );
}

/** The name of a flow above its pages, and the way between them. */
export function FlowHeading(props: {
  readonly flowId: string;
  readonly title: string;
  readonly here: 'flow' | 'edit' | 'versions';
  readonly children?: ComponentChildren;
}) {
  const words = FLOW_WORDS[language.value];
  const tabs = [
    ['flow', '', words.drawing],
    ['edit', '/edit', words.edit],
    ['versions', '/versions', words.versions],
  ] as const;
  return (
    <div class="heading">
      <p class="crumb">
        <a href="/flows">{words.flows}</a>
      </p>
      <h1>{props.title}</h1>
      <nav class="tabs" aria-label={props.title}>
        {tabs.map(([name, part, word]) => (
          <a key={name} href={flowUrl(props.flowId, part)} aria-current={props.here === name ? 'page' : undefined}>
            {word}
          </a>
        ))}
      </nav>
      <div class="heading-more">{props.children}</div>
    </div>
  );
}

/** What the checker found: what that is called and what to do, then what is wrong exactly, in the reader's language; a press leads to the line. */
export function Findings({ findings, onPick }: { findings: readonly Finding[]; onPick?: (finding: Finding) => void }) {
  const words = FLOW_WORDS[language.value];
  return (
    <ol class="findings">
      {findings.map((finding, at) => {
        const told = ruleWords(finding.rule, language.value);
        const inside = (
          <>
            <span class="severity">
              <Mark name={finding.level === 'error' ? 'down' : 'alert'} /> {words.level[finding.level]}
            </span>
            <span class="place">
              {words.line(finding.line)}:{finding.column}
            </span>
            <span class="message">
              {told !== null && (
                <span class="rule-words">
                  <b>{told.name}</b> {told.advice}
                </span>
              )}
              <span>{messageIn(finding, language.value)}</span>
            </span>
            <code>{finding.rule}</code>
          </>
        );
        return (
          <li key={at} data-level={finding.level} data-rule={finding.rule} data-line={finding.line}>
            {onPick === undefined ? (
              <div class="finding">{inside}</div>
            ) : (
              <button type="button" class="finding" onClick={() => onPick(finding)}>
                {inside}
              </button>
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** A changed file that was not taken: who reads this must mend it. */
export function RefusedChange({ refused }: { refused: NonNullable<FlowView['refused']> }) {
  const words = FLOW_WORDS[language.value];
  return (
    <div class="refused" role="status">
      <p>
        <b>{words.refused}</b> {formatAgo(refused.atMs, serverNowMs(), language.value)} ·{' '}
        {words.refusedBy(byName(refused.by, language.value))}
      </p>
      <Findings findings={refused.findings} />
    </div>
  );
}

/** A file of no live flow that was not taken. */
export function RefusedFile({ refused }: { refused: RefusedFileView }) {
  const words = FLOW_WORDS[language.value];
  return (
    <div class="refused" role="status" data-file={refused.file}>
      <p>
        <b>{words.refusedFile}</b> <code>{refused.file}</code> · {formatAgo(refused.atMs, serverNowMs(), language.value)}
      </p>
      <Findings findings={refused.findings} />
    </div>
  );
}
