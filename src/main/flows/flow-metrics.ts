import type { FlowDesk } from '../../http/deps.js';

const OUTCOMES = ['contained', 'gaveUp', 'toQueue', 'other', 'now'] as const;

/**
 * Flows in the text format of Prometheus: which version is live since when, how many files are refused, and the calls of today by what became of them.
 * Containment is outcome contained over all outcomes but `now`.
 */
export function flowMetrics(desk: Pick<FlowDesk, 'list' | 'refusedFiles' | 'day'>): string[] {
  const live = desk.list();
  const calls = live.flatMap(({ flowId }) => {
    const today = desk.day(flowId, 'today');
    return today === null
      ? []
      : OUTCOMES.map((outcome) => `hotline_flow_calls{flow="${flowId}",outcome="${outcome}"} ${today[outcome]}`);
  });
  return [
    '# HELP hotline_flow_info 1 for the version of each flow that is live.',
    '# TYPE hotline_flow_info gauge',
    ...live.map(({ flowId, version }) => `hotline_flow_info{flow="${flowId}",version="${version}"} 1`),
    '# HELP hotline_flow_published_timestamp_seconds When the live version was published.',
    '# TYPE hotline_flow_published_timestamp_seconds gauge',
    ...live.flatMap(({ flowId, publishedAtMs }) =>
      publishedAtMs === null ? [] : [`hotline_flow_published_timestamp_seconds{flow="${flowId}"} ${publishedAtMs / 1_000}`],
    ),
    '# HELP hotline_flow_files_refused Files in the folder of flows that are not live as they stand there.',
    '# TYPE hotline_flow_files_refused gauge',
    `hotline_flow_files_refused ${desk.refusedFiles().length}`,
    '# HELP hotline_flow_calls Calls that entered the flow today, by what became of them; now: still in it.',
    '# TYPE hotline_flow_calls gauge',
    ...calls,
  ];
}
