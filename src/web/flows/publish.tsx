import { useState } from 'preact/hooks';
import type { Finding } from '../../flow/finding.js';
import { compareLines } from '../../flow/line-difference.js';
import type { FlowDetail, FlowDiffView } from '../../flow/views.js';
import { change, type Refused } from '../api.js';
import { Dialog } from '../dialogs.js';
import { language } from '../settings.js';
import { ComparedLines, Difference } from './difference.js';
import { detailUrl, flowPath } from './flow-api.js';
import { byName } from './flow-formats.js';
import { Findings, Trouble } from './page-parts.js';
import { usePoll } from './poll.js';
import { FLOW_WORDS } from './words.js';

interface PublishProps {
  readonly flowId: string;
  readonly base: FlowDetail;
  readonly text: string;
  readonly onClose: () => void;
  readonly onOutdated: () => void;
  readonly onDone: (detail: FlowDetail) => void;
}

/** The last look before callers hear it: every changed line, and why. */
export function Publish({ flowId, base, text, onClose, onOutdated, onDone }: PublishProps) {
  const words = FLOW_WORDS[language.value];
  const [wrong, setWrong] = useState<Refused | string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem('note') as HTMLInputElement;
    const note = field.value.trim();
    if (note === '') return setWrong(words.noteNeeded);
    setBusy(true);
    const answer = await change<FlowDetail>('POST', `${flowPath(flowId)}/versions`, { text, note, basedOn: base.version });
    setBusy(false);
    if (answer.ok) onDone(answer.value);
    else if (answer.refusal.id === 'outdated') onOutdated();
    else setWrong(answer.refusal);
  };
  return (
    <Dialog title={words.seeDifference} onClose={onClose} isWide>
      <form onSubmit={submit}>
        <ComparedLines lines={compareLines(base.text.split('\n'), text.split('\n'))} />
        <label class="field">
          {words.note}
          <input name="note" maxLength={200} autocomplete="off" required />
        </label>
        <p class="label">{words.publishHint}</p>
        <div class="wrong" role="alert">
          {typeof wrong === 'string' ? wrong : wrong !== null && `${words.refusedBySave}: ${wrong.message}`}
          {wrong !== null && typeof wrong !== 'string' && <Findings findings={findingsOf(wrong)} />}
        </div>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {words.cancel}
          </button>
          <button type="submit" class="primary" data-do="publish" disabled={isBusy}>
            {isBusy ? words.saving : words.publish}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const findingsOf = (refusal: Refused): readonly Finding[] =>
  Array.isArray(refusal.body.findings) ? (refusal.body.findings as Finding[]) : [];

interface OutdatedProps {
  readonly flowId: string;
  readonly base: FlowDetail;
  readonly onClose: () => void;
  /** Goes on with the same text, told apart from the newer version from now on. */
  readonly onRebase: (live: FlowDetail) => void;
}

/** Somebody else was faster: what they changed, before this text goes over it. */
export function Outdated({ flowId, base, onClose, onRebase }: OutdatedProps) {
  const words = FLOW_WORDS[language.value];
  const live = usePoll<FlowDetail>(detailUrl(flowId, null, language.value), null);
  const newer = live.value;
  const query = newer === null ? null : new URLSearchParams({ a: base.version, b: newer.version });
  const difference = usePoll<FlowDiffView>(
    query === null || newer?.version === base.version ? null : `${flowPath(flowId)}/diff?${query}`,
    null,
  );
  return (
    <Dialog title={words.outdatedTitle} onClose={onClose} isWide>
      {newer !== null && <p>{words.outdatedHint(newer.version, byName(newer.publishedBy ?? '–', language.value))}</p>}
      <Trouble refusal={live.refusal ?? difference.refusal} />
      {difference.value !== null && <Difference difference={difference.value} />}
      <p class="label">{words.basedOnNewHint}</p>
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {words.cancel}
        </button>
        <button
          type="button"
          class="primary"
          data-do="rebase"
          disabled={newer === null}
          onClick={() => newer !== null && onRebase(newer)}
        >
          {words.basedOnNew}
        </button>
      </div>
    </Dialog>
  );
}
