import { useMemo, useState } from 'preact/hooks';
import type { FlowDetail, FlowView } from '../../flow/views.js';
import type { CallView, FlowDayView } from '../../service-level/views.js';
import { serverNowMs } from '../api.js';
import { DASH, formatShare } from '../format.js';
import { callUrl, flowUrl } from '../router.js';

import { language } from '../settings.js';
import { detailUrl, flowPath } from './flow-api.js';
import { byName, formatAgo, formatTime, latestDays, outcomeName, titleOf } from './flow-formats.js';
import { FlowGraph, type NodeMarks } from './flow-graph.js';
import { edgeKey } from './graph-view.js';
import { NodePanel } from './node-panel.js';
import { FlowHeading, RefusedChange, Trouble } from './page-parts.js';
import { usePoll } from './poll.js';
import { FLOW_WORDS } from './words.js';

const DAYS_KEPT = 8;
const DAY_EVERY_MS = 2_000;

/** One flow: its drawing with who is where now, and how the day's callers fared. */
export function FlowPage({ flowId }: { flowId: string }) {
  const words = FLOW_WORDS[language.value];
  const path = flowPath(flowId);
  const list = usePoll<{ flows: readonly FlowView[] }>('/api/v1/flows', 3_000);
  const known = list.value?.flows.find((flow) => flow.flowId === flowId);
  // The drawing is asked for again when another version goes live.
  const detail = usePoll<FlowDetail>(known === undefined ? null : detailUrl(flowId, known.version, language.value), null);
  const [shown, setShown] = useState<FlowDetail | null>(null);
  if (detail.value !== null && detail.value !== shown) setShown(detail.value);
  const [day, setDay] = useState('today');
  const figures = usePoll<FlowDayView>(`${path}/days/${day}`, day === 'today' ? DAY_EVERY_MS : null);
  const [selected, setSelected] = useState<string | null>(null);
  const { marks, edgeCounts } = useMemo(() => marksOf(figures.value), [figures.value]);
  const node = shown?.drawing.nodes.find((one) => one.id === selected) ?? null;
  const title = titleOf(shown?.title ?? known?.title ?? {}, language.value, flowId);
  return (
    <main class="sheet">
      <FlowHeading flowId={flowId} title={title} here="flow">
        {shown !== null && (
          <p class="label">
            {words.version} <code data-figure="version">{shown.version}</code>
            {shown.publishedAtMs !== null && ` · ${formatAgo(shown.publishedAtMs, serverNowMs(), language.value)}`}
            {shown.publishedBy !== null && ` · ${words.publishedBy(byName(shown.publishedBy, language.value))}`}
          </p>
        )}
        <DayPicker day={day} onPick={setDay} />
      </FlowHeading>
      <Trouble refusal={figures.refusal ?? list.refusal ?? (shown === null ? detail.refusal : null)} />
      {known?.refused && <RefusedChange refused={known.refused} />}
      <DayFigures day={figures.value} />
      <div class="graph-and-panel">
        {shown === null ? (
          <div class="graph" />
        ) : (
          <FlowGraph
            drawing={shown.drawing}
            marks={marks}
            edgeCounts={edgeCounts}
            selected={selected}
            onSelect={setSelected}
            isOld={figures.refusal !== null}
          />
        )}
        <aside class="panel">
          {node === null ? (
            <Overview day={figures.value} onPick={setSelected} />
          ) : (
            <NodePanel node={node} day={figures.value} editUrl={editUrl(flowId, node.line)} onPick={setSelected} />
          )}
        </aside>
      </div>
      <div class="tables">
        <Paths day={figures.value} />
        <LatestCalls numbers={known?.numbers ?? []} />
      </div>
    </main>
  );
}

const editUrl = (flowId: string, line: number | null): string =>
  `${flowUrl(flowId, '/edit')}${line === null ? '' : `?line=${line}`}`;

/** Six steps of colour by the share of the busiest node. */
function marksOf(day: FlowDayView | null): { marks: Map<string, NodeMarks>; edgeCounts: Map<string, number> } {
  const most = Math.max(1, ...(day?.nodes.map((node) => node.entered) ?? []));
  return {
    marks: new Map(
      day?.nodes.map(({ node, entered, now, gaveUp }) => [
        node,
        { entered, now, gaveUp, heat: entered === 0 ? 0 : Math.max(1, Math.ceil((entered / most) * 5)) },
      ]),
    ),
    edgeCounts: new Map(day?.edges.map(({ from, to, count }) => [edgeKey(from, to), count])),
  };
}

function DayPicker({ day, onPick }: { day: string; onPick: (day: string) => void }) {
  const words = FLOW_WORDS[language.value];
  const days = latestDays(serverNowMs(), DAYS_KEPT, language.value);
  return (
    <label class="day-picker">
      {words.day}
      <select value={day} onChange={(event) => onPick(event.currentTarget.value)}>
        {days.map((one, back) => (
          <option key={one.day} value={back === 0 ? 'today' : one.day}>
            {back === 0 ? `${words.today} · ${one.name}` : one.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function DayFigures({ day }: { day: FlowDayView | null }) {
  const words = FLOW_WORDS[language.value];
  const figures = [
    ['now', words.callsNow],
    ['entered', words.entered],
    ['contained', words.contained],
    ['toQueue', words.toQueue],
    ['gaveUp', words.gaveUp],
    ['other', words.other],
  ] as const;
  return (
    <dl class="figures day-figures" data-day={day?.day}>
      {figures.map(([name, label]) => (
        <div key={name}>
          <dt>{label}</dt>
          <dd data-figure={name}>{day?.[name] ?? DASH}</dd>
        </div>
      ))}
      <div title={words.containmentHelp}>
        <dt>{words.containment}</dt>
        <dd data-figure="containment">
          {day === null ? DASH : formatShare(day.containment)}
          {day !== null && (
            <small>
              {day.containment.numerator} / {day.containment.denominator}
            </small>
          )}
        </dd>
      </div>
    </dl>
  );
}

/** Beside the drawing while no node is chosen: what its colours mean, and where callers give up. */
function Overview({ day, onPick }: { day: FlowDayView | null; onPick: (node: string) => void }) {
  const words = FLOW_WORDS[language.value];
  const worst = (day?.nodes ?? [])
    .filter((node) => node.gaveUp > 0)
    .sort((a, b) => b.gaveUp - a.gaveUp || (a.node < b.node ? -1 : 1));
  return (
    <>
      <h2>{words.whereGaveUp}</h2>
      {worst.length === 0 && <p class="label">{words.nobodyGaveUp}</p>}
      <table class="worst">
        <tbody>
          {worst.slice(0, 8).map((node) => (
            <tr key={node.node}>
              <td>
                <button type="button" class="link" onClick={() => onPick(node.node)}>
                  {node.node}
                </button>
              </td>
              <td class="number">{node.gaveUp}</td>
              <td class="number label">{formatShare({ share: node.entered === 0 ? null : node.gaveUp / node.entered })}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul class="graph-legend label">
        <li data-badge="now">
          <b>● 3</b> {words.legendNow}
        </li>
        <li data-badge="gave-up">
          <b>✕ 2</b> {words.legendGaveUp}
        </li>
        <li data-badge="heat">
          <b aria-hidden="true">
            {[1, 2, 3, 4, 5].map((heat) => (
              <i key={heat} data-heat={heat} />
            ))}
          </b>{' '}
          {words.legendHeat}
        </li>
      </ul>
      <p class="label">{words.chooseNode}</p>
    </>
  );
}

function Paths({ day }: { day: FlowDayView | null }) {
  const words = FLOW_WORDS[language.value];
  const paths = day?.paths ?? [];
  return (
    <section aria-label={words.topPaths}>
      <h2>{words.topPaths}</h2>
      {paths.length === 0 ? (
        <p class="label">{words.noPaths}</p>
      ) : (
        <table class="paths">
          <thead>
            <tr>
              <th scope="col" class="number">
                {words.calls}
              </th>
              <th scope="col">{words.path}</th>
              <th scope="col">{words.outcome}</th>
            </tr>
          </thead>
          <tbody>
            {paths.map((path, at) => (
              <tr key={at}>
                <td class="number">{path.count}</td>
                <td class="path">{path.nodes.join(' → ')}</td>
                <td>{outcomeName(path.outcome, language.value)}</td>
              </tr>
            ))}
            {(day?.otherPaths ?? 0) > 0 && (
              <tr>
                <td class="number">{day?.otherPaths}</td>
                <td class="label">{words.otherPaths}</td>
                <td />
              </tr>
            )}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** The latest calls to the numbers of this flow, each with the way to its walk. */
function LatestCalls({ numbers }: { numbers: readonly string[] }) {
  const words = FLOW_WORDS[language.value];
  const calls = usePoll<{ calls: readonly CallView[] }>('/api/v1/calls?limit=200', 4_000).value?.calls ?? [];
  const ours = calls.filter((call) => numbers.includes(call.dnis)).slice(0, 12);
  return (
    <section aria-label={words.latestCalls}>
      <h2>{words.latestCalls}</h2>
      {ours.length === 0 ? (
        <p class="label">{words.noCalls}</p>
      ) : (
        <table class="latest">
          <tbody>
            {ours.map((call) => (
              <tr key={call.callId}>
                <td>{formatTime(call.arrivedAtMs)}</td>
                <td>{call.ani}</td>
                <td>{call.outcome === null ? words.inProgress : outcomeName(call.outcome, language.value)}</td>
                <td>
                  <a href={callUrl(call.callId)}>{words.replay}</a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
