import { useState } from 'preact/hooks';
import type { FlowDetail, FlowDiffView, FlowVersionView, FlowView } from '../../flow/views.js';
import { change } from '../api.js';
import { Dialog } from '../dialogs.js';
import { language } from '../settings.js';
import { Difference } from './difference.js';
import { flowPath } from './flow-api.js';
import { byName, formatMoment, titleOf } from './flow-formats.js';
import { FlowHeading, Trouble } from './page-parts.js';
import { usePoll } from './poll.js';
import { FLOW_WORDS } from './words.js';

/** What has been live, by whom and why; any two compared; the way back to an earlier one. */
export function VersionsPage({ flowId }: { flowId: string }) {
  const words = FLOW_WORDS[language.value];
  const path = flowPath(flowId);
  const flows = usePoll<{ flows: readonly FlowView[] }>('/api/v1/flows', 5_000);
  const flow = flows.value?.flows.find((one) => one.flowId === flowId);
  const { value, refusal, again } = usePoll<{ versions: readonly FlowVersionView[] }>(`${path}/versions`, 4_000);
  const versions = value?.versions ?? [];
  const [chosen, setChosen] = useState<{ a: string; b: string } | null>(null);
  const [asked, setAsked] = useState<string | null>(null);
  const [done, setDone] = useState<string | null>(null);
  // At first: what the latest change did.
  const live = versions.find((one) => one.live)?.version;
  const before = versions.find((one) => one.version !== live)?.version;
  const pair = chosen ?? (live !== undefined && before !== undefined ? { a: before, b: live } : null);
  return (
    <main class="sheet">
      <FlowHeading flowId={flowId} title={titleOf(flow?.title ?? {}, language.value, flowId)} here="versions" />
      <Trouble refusal={refusal} />
      <p class="done" role="status">
        {done}
      </p>
      <VersionTable versions={versions} pair={pair} onChoose={setChosen} onRollBack={setAsked} />
      <section aria-label={words.compare}>
        <h2>{words.compare}</h2>
        {pair === null ? <p class="label">{words.compareHint}</p> : <Compared path={path} {...pair} />}
      </section>
      {asked !== null && live !== undefined && (
        <RollBack
          path={path}
          version={asked}
          live={live}
          onClose={(text) => {
            setAsked(null);
            setChosen(null);
            if (text !== null) setDone(text);
            again();
          }}
        />
      )}
    </main>
  );
}

interface TableProps {
  readonly versions: readonly FlowVersionView[];
  readonly pair: { readonly a: string; readonly b: string } | null;
  readonly onChoose: (pair: { a: string; b: string }) => void;
  readonly onRollBack: (version: string) => void;
}

function VersionTable({ versions, pair, onChoose, onRollBack }: TableProps) {
  const words = FLOW_WORDS[language.value];
  const live = versions.find((one) => one.live)?.version;
  const radio = (side: 'a' | 'b', version: string, label: string) => (
    <input
      type="radio"
      name={side}
      value={version}
      aria-label={`${label} ${version}`}
      checked={pair?.[side] === version}
      onChange={() => onChoose({ a: pair?.a ?? version, b: pair?.b ?? version, [side]: version })}
    />
  );
  return (
    <div class="scroll">
      <table class="versions">
        <thead>
          <tr>
            <th scope="col">{words.older}</th>
            <th scope="col">{words.newer}</th>
            <th scope="col">{words.version}</th>
            <th scope="col">{words.when}</th>
            <th scope="col">{words.who}</th>
            <th scope="col">{words.noteShort}</th>
            <th scope="col" class="number">
              {words.callsOn}
            </th>
            <th scope="col" />
          </tr>
        </thead>
        <tbody>
          {versions.map((one, at) => (
            <tr key={`${one.version} ${one.atMs} ${at}`} data-version={one.version} data-live={one.live}>
              <td>{radio('a', one.version, words.older)}</td>
              <td>{radio('b', one.version, words.newer)}</td>
              <td>
                <code>{one.version}</code>
                {one.live && <span class="tag">{words.live}</span>}
              </td>
              <td>{formatMoment(one.atMs, language.value)}</td>
              <td>
                {byName(one.by, language.value)} <small>{words.sources[one.source] ?? one.source}</small>
              </td>
              <td class="note">{one.note}</td>
              <td class="number">{one.callsNow}</td>
              <td>
                {one.version !== live && (
                  <button type="button" data-do="roll-back" onClick={() => onRollBack(one.version)}>
                    {words.rollBack}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Compared({ path, a, b }: { path: string; a: string; b: string }) {
  const words = FLOW_WORDS[language.value];
  const query = new URLSearchParams({ a, b });
  const { value, refusal } = usePoll<FlowDiffView>(a === b ? null : `${path}/diff?${query}`, null);
  if (a === b) return <p class="label">{words.sameText}</p>;
  return (
    <>
      <p class="label">
        <code>{a}</code> → <code>{b}</code>
      </p>
      <Trouble refusal={refusal} />
      {value !== null && <Difference difference={value} />}
    </>
  );
}

interface RollBackProps {
  readonly path: string;
  readonly version: string;
  readonly live: string;
  /** With what to tell, or null when nothing was done. */
  readonly onClose: (done: string | null) => void;
}

function RollBack({ path, version, live, onClose }: RollBackProps) {
  const words = FLOW_WORDS[language.value];
  const [wrong, setWrong] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem('note') as HTMLInputElement;
    const note = field.value.trim();
    if (note === '') return setWrong(words.noteNeeded);
    setBusy(true);
    const answer = await change<FlowDetail>('POST', `${path}/rollback`, { version, note });
    setBusy(false);
    if (answer.ok) onClose(words.rolledBack(answer.value.version));
    else setWrong(`${words.failedChange}: ${answer.refusal.message}`);
  };
  return (
    <Dialog title={words.rollBackSure(version)} onClose={() => onClose(null)} isWide>
      <form onSubmit={submit}>
        <p class="label">{words.publishHint}</p>
        <Compared path={path} a={live} b={version} />
        <label class="field">
          {words.note}
          <input name="note" maxLength={200} autocomplete="off" required />
        </label>
        <p class="wrong" role="alert">
          {wrong}
        </p>
        <div class="buttons">
          <button type="button" onClick={() => onClose(null)}>
            {words.cancel}
          </button>
          <button type="submit" class="danger" disabled={isBusy}>
            {words.rollBack}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
