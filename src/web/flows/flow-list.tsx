import type { FlowView, RefusedFileView } from '../../flow/views.js';
import type { FlowDayView } from '../../service-level/views.js';
import { serverNowMs } from '../api.js';
import { DASH, formatShare } from '../format.js';
import { flowUrl } from '../router.js';
import { language } from '../settings.js';
import { Emergency } from './emergency.js';
import { flowPath } from './flow-api.js';
import { byName, formatAgo, titleOf } from './flow-formats.js';
import { RefusedChange, RefusedFile, Trouble } from './page-parts.js';
import { usePoll } from './poll.js';
import { FLOW_WORDS } from './words.js';

const LIST_EVERY_MS = 3_000;

interface ListAnswer {
  readonly flows: readonly FlowView[];
  readonly refusedFiles: readonly RefusedFileView[];
}

/** All flows at a glance, and the switch of emergency announcements. */
export function FlowList() {
  const words = FLOW_WORDS[language.value];
  const { value, refusal } = usePoll<ListAnswer>('/api/v1/flows', LIST_EVERY_MS);
  const numbers = Array.from(new Set(value?.flows.flatMap((flow) => flow.numbers) ?? [])).sort();
  return (
    <main class="sheet">
      <h1>{words.flows}</h1>
      {refusal?.status === 404 ? <p class="empty">{words.flowsOff}</p> : <Trouble refusal={refusal} />}
      <ul class="flow-cards">
        {value?.flows.map((flow) => (
          <FlowCard key={flow.flowId} flow={flow} />
        ))}
      </ul>
      {value?.refusedFiles
        .filter((file) => file.flowId === null)
        .map((file) => (
          <RefusedFile key={file.file} refused={file} />
        ))}
      {value?.flows.length === 0 && <p class="empty">{words.noFlows}</p>}
      <Emergency numbers={numbers} />
    </main>
  );
}

function FlowCard({ flow }: { flow: FlowView }) {
  const words = FLOW_WORDS[language.value];
  const day = usePoll<FlowDayView>(`${flowPath(flow.flowId)}/days/today`, LIST_EVERY_MS).value;
  const containment = day?.containment ?? null;
  return (
    <li class="flow-card" data-flow={flow.flowId} data-refused={flow.refused !== null}>
      <div class="name">
        <h2>
          <a href={flowUrl(flow.flowId)}>{titleOf(flow.title, language.value, flow.flowId)}</a>
        </h2>
        <p>
          <code>{flow.flowId}</code>
          {flow.numbers.length > 0 && (
            <span>
              {words.numbers} {flow.numbers.join(', ')}
            </span>
          )}
        </p>
      </div>
      <dl class="figures">
        <div>
          <dt>{words.callsNow}</dt>
          <dd data-figure="now">{day?.now ?? DASH}</dd>
        </div>
        <div>
          <dt>{words.enteredToday}</dt>
          <dd data-figure="entered">{day?.entered ?? DASH}</dd>
        </div>
        <div title={words.containmentHelp}>
          <dt>{words.containment}</dt>
          <dd data-figure="containment">
            {containment === null ? DASH : formatShare(containment)}
            {containment !== null && (
              <small>
                {containment.numerator} / {containment.denominator}
              </small>
            )}
          </dd>
        </div>
      </dl>
      <div class="state">
        <p>
          {words.version} <code data-figure="version">{flow.version}</code>
        </p>
        <p class="label">
          {flow.publishedAtMs === null ? words.never : formatAgo(flow.publishedAtMs, serverNowMs(), language.value)}
          {flow.publishedBy !== null && ` · ${words.publishedBy(byName(flow.publishedBy, language.value))}`}
        </p>
        <p class="label" data-warnings={flow.warnings}>
          {flow.warnings === 0 ? words.noWarnings : words.warnings(flow.warnings)}
        </p>
      </div>
      <nav class="ways" aria-label={titleOf(flow.title, language.value, flow.flowId)}>
        <a class="button" href={flowUrl(flow.flowId)}>
          {words.drawing}
        </a>
        <a class="button" href={flowUrl(flow.flowId, '/edit')}>
          {words.edit}
        </a>
        <a class="button" href={flowUrl(flow.flowId, '/versions')}>
          {words.versions}
        </a>
      </nav>
      {flow.refused !== null && <RefusedChange refused={flow.refused} />}
    </li>
  );
}
