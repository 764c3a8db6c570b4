import { useEffect, useRef, useState } from 'preact/hooks';
import type { FlowDetail, FlowView } from '../../flow/views.js';
import { read } from '../api.js';
import { Dialog, PartMissing } from '../dialogs.js';
import { Mark } from '../icons.js';
import { guardLeaving, query } from '../router.js';
import { language } from '../settings.js';
import { type Draft, dropDraft, keepDraft, readDraft } from './draft.js';
import { detailUrl } from './flow-api.js';
import { titleOf } from './flow-formats.js';
import { FlowGraph, type NodeMarks } from './flow-graph.js';
import { Findings, FlowHeading, Trouble } from './page-parts.js';
import { Outdated, Publish } from './publish.js';
import type { TextEditor } from './text-editor.js';
import { type Checked, useCheck } from './use-check.js';
import { useNewestVersion } from './use-newest-version.js';
import { FLOW_WORDS } from './words.js';

/** Where an edit begins: the version that it is made from, and the text that stands in the editor. */
interface Beginning {
  readonly base: FlowDetail;
  readonly draft: Draft | null;
}

/** Loads what is to be edited; a text that was not saved before comes back with the version that it was made from. */
export function EditPage({ flowId }: { flowId: string }) {
  const words = FLOW_WORDS[language.value];
  const [beginning, setBeginning] = useState<Beginning | null>(null);
  const [refusal, setRefusal] = useState<Parameters<typeof Trouble>[0]['refusal']>(null);
  useEffect(() => {
    const stop = new AbortController();
    const load = async () => {
      const draft = readDraft(flowId);
      const live = await read<FlowDetail>(detailUrl(flowId, null, language.peek()), stop.signal);
      if (stop.signal.aborted) return;
      if (!live.ok) return setRefusal(live.refusal);
      const old =
        draft === null || draft.basedOn === live.value.version
          ? null
          : await read<FlowDetail>(detailUrl(flowId, draft.basedOn, language.peek()), stop.signal);
      if (stop.signal.aborted) return;
      setBeginning({ base: old?.ok ? { ...old.value, readOnly: live.value.readOnly } : live.value, draft });
    };
    void load();
    return () => stop.abort();
  }, [flowId]);
  if (beginning !== null) return <Editing flowId={flowId} {...beginning} />;
  return (
    <main class="sheet">
      <FlowHeading flowId={flowId} title={flowId} here="edit" />
      <Trouble refusal={refusal} />
      {refusal === null && <p class="empty">{words.checking}</p>}
    </main>
  );
}

type Asked = 'publish' | 'outdated' | 'discard' | null;

function Editing({ flowId, base: first, draft }: Beginning & { flowId: string }) {
  const words = FLOW_WORDS[language.value];
  const [base, setBase] = useState(first);
  const [text, setText] = useState(draft?.text ?? first.text);
  const [line, setLine] = useState<number | null>(null);
  const [asked, setAsked] = useState<Asked>(null);
  const [told, setTold] = useState<string | null>(draft === null || draft.text === first.text ? null : words.restored);
  const editor = useRef<TextEditor | null>(null);
  const isDirty = text !== base.text;
  const checked = useCheck(flowId, text, language.value, base);
  const newest = useNewestVersion(flowId);
  const isOutdated = newest !== null && newest.version !== base.version && !isOlder(newest, base);
  const errors = checked.findings.filter((finding) => finding.level === 'error').length;
  const obstacle = base.readOnly ?? (!isDirty ? words.nothingChanged : errors > 0 ? words.mendFirst : null);

  useEffect(() => {
    if (isDirty) keepDraft(flowId, { text, basedOn: base.version });
    else dropDraft(flowId);
  }, [flowId, text, base.version, isDirty]);
  const leave = useLeaveQuestion(isDirty);
  const save = useRef<() => void>(() => undefined);
  save.current = () => {
    if (obstacle === null) setAsked(isOutdated ? 'outdated' : 'publish');
  };
  const take = (detail: FlowDetail): void => {
    setBase(detail);
    if (detail.text !== text) editor.current?.replace(detail.text);
    setText(detail.text);
    setAsked(null);
  };
  return (
    <main class="sheet edit" data-dirty={isDirty}>
      <FlowHeading flowId={flowId} title={titleOf(base.title, language.value, flowId)} here="edit">
        <p class="label">
          {words.version} <code data-figure="version">{base.version}</code>
          {isDirty && <b class="dirty"> · {words.unsaved}</b>}
        </p>
        <div class="buttons">
          <button type="button" data-do="discard" disabled={!isDirty} onClick={() => setAsked('discard')}>
            {words.discard}
          </button>
          <button type="button" class="primary" data-do="save" disabled={obstacle !== null} onClick={() => save.current()}>
            {words.saveAs}
          </button>
        </div>
      </FlowHeading>
      {base.readOnly !== null && (
        <p class="trouble" role="status">
          <Mark name="alert" /> {words.readOnly}: {base.readOnly}
        </p>
      )}
      {isOutdated && (
        <p class="trouble" role="status" data-trouble="outdated">
          <Mark name="alert" /> {words.outdatedTitle}{' '}
          <button type="button" onClick={() => setAsked('outdated')}>
            {words.compare}
          </button>
        </p>
      )}
      <p class="done" role="status">
        {told}
      </p>
      <div class="text-and-drawing">
        <EditorHost
          text={draft?.text ?? first.text}
          isReadOnly={base.readOnly !== null}
          checked={checked}
          editor={editor}
          onChange={(next) => {
            setText(next);
            setTold(null);
          }}
          onLine={setLine}
          onSave={() => save.current()}
        />
        <CheckedDrawing checked={checked} line={line} onPick={(target) => editor.current?.goTo(target)} />
      </div>
      <CheckResult
        checked={checked}
        obstacle={isDirty ? obstacle : null}
        onPick={(at) => editor.current?.goTo(at.line, at.column)}
      />
      {asked === 'publish' && (
        <Publish
          flowId={flowId}
          base={base}
          text={text}
          onClose={() => setAsked(null)}
          onOutdated={() => setAsked('outdated')}
          onDone={(detail) => {
            take(detail);
            setTold(words.published(detail.version));
          }}
        />
      )}
      {asked === 'outdated' && (
        <Outdated
          flowId={flowId}
          base={base}
          onClose={() => setAsked(null)}
          onRebase={(detail) => {
            setBase(detail);
            setAsked(null);
          }}
        />
      )}
      {asked === 'discard' && (
        <YesNo
          question={words.discardSure}
          yes={words.discard}
          no={words.stay}
          onYes={() => take(base)}
          onNo={() => setAsked(null)}
        />
      )}
      {leave !== null && (
        <YesNo question={words.leaveSure} yes={words.leave} no={words.stay} onYes={() => leave(true)} onNo={() => leave(false)} />
      )}
    </main>
  );
}

/** The list of flows is asked for now and then: for a while it may not know of what was published here. */
const isOlder = (newest: FlowView, base: FlowDetail): boolean =>
  newest.publishedAtMs !== null && base.publishedAtMs !== null && newest.publishedAtMs < base.publishedAtMs;

/** While there are unsaved changes, leaving is asked for; gives the answer to the question that stands, or null. */
function useLeaveQuestion(isDirty: boolean): ((mayLeave: boolean) => void) | null {
  const [answer, setAnswer] = useState<((mayLeave: boolean) => void) | null>(null);
  useEffect(() => {
    if (!isDirty) return;
    return guardLeaving(
      () =>
        new Promise((resolve) => {
          setAnswer(() => (mayLeave: boolean) => {
            setAnswer(null);
            resolve(mayLeave);
          });
        }),
    );
  }, [isDirty]);
  return answer;
}

interface YesNoProps {
  readonly question: string;
  readonly yes: string;
  readonly no: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

function YesNo({ question, yes, no, onYes, onNo }: YesNoProps) {
  return (
    <Dialog title={question} onClose={onNo}>
      <div class="buttons">
        <button type="button" onClick={onNo}>
          {no}
        </button>
        <button type="button" class="danger" data-do="yes" onClick={onYes}>
          {yes}
        </button>
      </div>
    </Dialog>
  );
}

interface HostProps {
  readonly text: string;
  readonly isReadOnly: boolean;
  readonly checked: Checked;
  readonly editor: { current: TextEditor | null };
  readonly onChange: (text: string) => void;
  readonly onLine: (line: number) => void;
  readonly onSave: () => void;
}

/** The place of the editor, which comes as a part of its own. */
function EditorHost(props: HostProps) {
  const words = FLOW_WORDS[language.value];
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [isOpen, setOpen] = useState(false);
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    let isGone = false;
    const open = ({ openTextEditor }: typeof import('./text-editor.js')): void => {
      if (isGone || host.current === null) return;
      const opened = openTextEditor(host.current, {
        text: latest.current.text,
        label: words.editorLabel,
        isReadOnly: latest.current.isReadOnly,
        phrases: words.editorPhrases,
        onChange: (text) => latest.current.onChange(text),
        onLine: (line) => latest.current.onLine(line),
        onSave: () => latest.current.onSave(),
      });
      latest.current.editor.current = opened;
      setOpen(true);
      const line = Number(query.peek().get('line'));
      if (Number.isInteger(line) && line > 0) opened.goTo(line);
    };
    import('./text-editor.js').then(open, () => setMissing(true));
    return () => {
      isGone = true;
      latest.current.editor.current?.close();
      latest.current.editor.current = null;
    };
  }, []);
  useEffect(() => {
    if (isOpen) props.editor.current?.show(props.checked.findings, language.value);
  }, [isOpen, props.checked.findings]);
  useEffect(() => {
    if (isOpen) props.editor.current?.setReadOnly(props.isReadOnly);
  }, [isOpen, props.isReadOnly]);
  return (
    <section class="text" aria-label={words.editorLabel}>
      {isMissing && <PartMissing />}
      <div class="editor-host" ref={host} />
      <p class="label">{words.editorKeys}</p>
    </section>
  );
}

/** The drawing of the text as it stands, or of the last one without errors. */
function CheckedDrawing({ checked, line, onPick }: { checked: Checked; line: number | null; onPick: (line: number) => void }) {
  const words = FLOW_WORDS[language.value];
  const { drawing } = checked;
  const node = drawing.nodes
    .filter((one) => one.line !== null && line !== null && one.line <= line)
    .reduce<(typeof drawing.nodes)[number] | null>(
      (best, one) => (best === null || (one.line ?? 0) >= (best.line ?? 0) ? one : best),
      null,
    );
  const marks = new Map<string, NodeMarks>();
  if (checked.isDrawn) {
    for (const finding of checked.findings) {
      const at = drawing.nodes.find((one) => one.line === finding.line);
      if (at !== undefined) marks.set(at.id, { isWarned: true });
    }
  }
  return (
    <section class="drawn" aria-label={words.drawing}>
      <FlowGraph
        drawing={drawing}
        marks={marks}
        selected={node?.id ?? null}
        isOld={!checked.isDrawn}
        leastScale={0.65}
        onSelect={(id) => {
          const target = drawing.nodes.find((one) => one.id === id)?.line;
          if (target !== undefined && target !== null) onPick(target);
        }}
      />
      <p class="label">{checked.isDrawn ? '' : words.drawingOld}</p>
    </section>
  );
}

interface ResultProps {
  readonly checked: Checked;
  readonly obstacle: string | null;
  readonly onPick: (at: { line: number; column: number }) => void;
}

function CheckResult({ checked, obstacle, onPick }: ResultProps) {
  const words = FLOW_WORDS[language.value];
  const errors = checked.findings.filter((finding) => finding.level === 'error').length;
  const warnings = checked.findings.length - errors;
  const summary = checked.hasFailed
    ? words.checkFailed
    : checked.isChecking
      ? words.checking
      : [...(errors > 0 ? [words.errors(errors)] : []), ...(warnings > 0 ? [words.warnings(warnings)] : [])].join(' · ') ||
        words.noFindings;
  return (
    <section class="check" aria-label={words.check} data-errors={errors} data-checking={checked.isChecking}>
      <h2>
        {words.check} <small role="status">{summary}</small>
        {obstacle !== null && <small> · {obstacle}</small>}
      </h2>
      <Findings findings={checked.findings} onPick={onPick} />
    </section>
  );
}
