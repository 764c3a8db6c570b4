import type { DrawnNode } from '../../flow/views.js';
import type { FlowDayView } from '../../service-level/views.js';
import { DASH, formatMean, formatShare } from '../format.js';
import { language } from '../settings.js';
import { FLOW_WORDS } from './words.js';

interface PanelProps {
  readonly node: DrawnNode;
  readonly day: FlowDayView | null;
  readonly editUrl: string;
  readonly onPick: (node: string) => void;
}

/** One node of the drawing: who came, who is there, who gave up, where they came from and went on to. */
export function NodePanel({ node, day, editUrl, onPick }: PanelProps) {
  const words = FLOW_WORDS[language.value];
  const counts = day?.nodes.find((one) => one.node === node.id);
  const entered = counts?.entered ?? 0;
  // Who is still there has not stayed to the end yet.
  const left = entered - (counts?.now ?? 0);
  const gaveUp = counts?.gaveUp ?? 0;
  const shareGivenUp = entered === 0 ? null : gaveUp / entered;
  const figures = [
    ['entered', words.entered, String(entered), null],
    ['now', words.now, String(counts?.now ?? 0), null],
    ['gaveUp', words.gaveUp, String(gaveUp), shareGivenUp === null ? null : formatShare({ share: shareGivenUp })],
    ['meanStay', words.meanStay, counts === undefined || left <= 0 ? DASH : formatMean(counts.sumStayMs / left), null],
  ] as const;
  const onward = (day?.edges ?? []).filter((edge) => edge.from === node.id);
  const inward = (day?.edges ?? []).filter((edge) => edge.to === node.id);
  return (
    <div class="node-panel" data-panel={node.id}>
      <p class="label">{words.kinds[node.kind] ?? node.kind}</p>
      <h2>{node.id}</h2>
      {node.label !== '' && <p class="label">{node.label}</p>}
      <dl class="figures">
        {figures.map(([name, label, value, part]) => (
          <div key={name}>
            <dt>{label}</dt>
            <dd data-figure={name}>
              {value}
              {part !== null && <small>{part}</small>}
            </dd>
          </div>
        ))}
      </dl>
      <Ways title={words.waysTaken} ways={onward.map((edge) => [edge.to, edge.count])} none={words.noWays} onPick={onPick} />
      {inward.length > 0 && (
        <Ways title={words.waysIn} ways={inward.map((edge) => [edge.from, edge.count])} none="" onPick={onPick} />
      )}
      {node.line !== null && (
        <a class="button" href={editUrl}>
          {words.editAt(node.line)}
        </a>
      )}
    </div>
  );
}

interface WaysProps {
  readonly title: string;
  readonly ways: ReadonlyArray<readonly [node: string, count: number]>;
  readonly none: string;
  readonly onPick: (node: string) => void;
}

function Ways({ title, ways, none, onPick }: WaysProps) {
  const all = ways.reduce((sum, [, count]) => sum + count, 0);
  const sorted = [...ways].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return (
    <>
      <h3>{title}</h3>
      {sorted.length === 0 && <p class="label">{none}</p>}
      <table class="taken">
        <tbody>
          {sorted.map(([node, count]) => (
            <tr key={node}>
              <td>
                <button type="button" class="link" onClick={() => onPick(node)}>
                  {node}
                </button>
              </td>
              <td class="number">{count}</td>
              <td class="number label">{formatShare({ share: all === 0 ? null : count / all })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
