import { writeFile } from 'node:fs/promises';
import { drawFlow } from '../../flow/drawing/draw-flow.js';
import { flowSvg } from '../../flow/drawing/flow-svg.js';
import { formatFinding } from '../../flow/finding.js';
import { namesOf } from '../known-names.js';
import { readFlowWithNeighbours } from './read-flows.js';

export interface GraphOptions {
  readonly config: string;
  readonly out?: string | undefined;
  readonly language?: string | undefined;
}

/** Draws a flow as SVG, to a file or to the output. Returns the exit code: 1 when the flow has errors. */
export async function graphFlow(file: string, options: GraphOptions, say: (line: string) => void): Promise<number> {
  const read = await readFlowWithNeighbours(file, await namesOf(options.config));
  if (!read.ok) {
    for (const finding of read.error) say(formatFinding(finding));
    return 1;
  }
  const { flow } = read.value;
  const language = options.language ?? flow.languages[0] ?? 'zh';
  if (!flow.languages.includes(language)) {
    say(`${file} has no words in ${language}; it has ${flow.languages.join(', ')}`);
    return 1;
  }
  const svg = flowSvg(drawFlow(flow, { language }), `${flow.title[language] ?? flow.flowId} (${flow.flowId} ${flow.version})`);
  if (options.out === undefined) {
    say(svg.trimEnd());
    return 0;
  }
  await writeFile(options.out, svg);
  say(`${options.out}: ${flow.nodes.size} nodes`);
  return 0;
}
