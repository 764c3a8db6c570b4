import type { ComparedLine } from '../../flow/line-difference.js';
import type { FlowDiffView } from '../../flow/views.js';
import { language } from '../settings.js';
import { folded } from './difference-lines.js';
import { FLOW_WORDS } from './words.js';

/** What changed between two versions: nodes, prompts, the rest, and the lines of the file. */
export function Difference({ difference }: { difference: FlowDiffView }) {
  const words = FLOW_WORDS[language.value];
  const { nodes, prompts, other, lines } = difference;
  if (lines.every((line) => line.sign === ' ')) return <p class="label">{words.sameText}</p>;
  return (
    <div class="difference">
      {nodes.length > 0 && (
        <section>
          <h3>{words.changedNodes}</h3>
          <ul class="changed-nodes">
            {nodes.map((node) => (
              <li key={node.node} data-change={node.change} data-changed-node={node.node}>
                <b>{node.node}</b> <span class="change">{words.change[node.change]}</span>
                <ul>
                  {node.what.map((what, at) => (
                    <li key={at}>
                      <code>{what}</code>
                    </li>
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        </section>
      )}
      {prompts.length > 0 && (
        <section>
          <h3>{words.changedPrompts}</h3>
          <table class="changed-prompts">
            <thead>
              <tr>
                <th scope="col">{words.changedPrompts}</th>
                <th scope="col">{words.before}</th>
                <th scope="col">{words.after}</th>
              </tr>
            </thead>
            <tbody>
              {prompts.map((prompt) => (
                <tr key={`${prompt.prompt} ${prompt.language}`}>
                  <th scope="row">
                    {prompt.prompt} <small>{prompt.language}</small>
                  </th>
                  <td class="before">{prompt.before ?? '–'}</td>
                  <td class="after">{prompt.after ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {other.length > 0 && (
        <section>
          <h3>{words.changedOther}</h3>
          <ul class="changed-other">
            {other.map((what, at) => (
              <li key={at}>
                <code>{what}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3>{words.changedLines}</h3>
        <ComparedLines lines={lines} />
      </section>
    </div>
  );
}

/** Changed lines with a few around them; the others are counted. The sign stands before each line, so that colour is not alone. */
export function ComparedLines({ lines }: { lines: readonly ComparedLine[] }) {
  const words = FLOW_WORDS[language.value];
  return (
    <pre class="compared">
      {folded(lines).map((part, at) =>
        typeof part === 'number' ? (
          <span key={at} class="skipped">
            {`⋯ ${words.unchangedLines(part)}`}
          </span>
        ) : (
          <span key={at} data-sign={part.sign}>
            {`${part.sign} ${part.text}`}
          </span>
        ),
      )}
    </pre>
  );
}
