import { readFile } from 'node:fs/promises';
import { type Finding, formatFinding } from '../../flow/finding.js';
import type { CheckedFlow } from '../../flow/program.js';
import { type Covered, coverageOf, type FlowCoverage, percentOf } from '../../flow/rehearsal/coverage.js';
import { readFlowTests } from '../../flow/rehearsal/flow-tests.js';
import { runFlowTest, type TestResult } from '../../flow/rehearsal/run-test.js';
import { transcriptOf } from '../../flow/rehearsal/transcript.js';
import { counted } from './check-flows.js';
import {
  flowFileOf,
  flowFilesOf,
  flowFolderOf,
  readFlowWithNeighbours,
  type Surroundings,
  surroundingsOf,
  testFilesOf,
} from './read-flows.js';

export interface TestOptions {
  readonly config: string;
  readonly json?: boolean | undefined;
  /** In hundredths, of nodes and of ways of each flow. */
  readonly minCoverage?: number | undefined;
  /** The walk of tests that are ok too. */
  readonly walks?: boolean | undefined;
}

type Say = (line: string) => void;

interface TestedFile {
  readonly file: string;
  /** What is wrong with the tests or the flow themselves. */
  readonly findings: readonly Finding[];
  readonly flow: CheckedFlow | null;
  readonly results: readonly TestResult[];
}

/** Runs the tests that stand beside flows. Returns the exit code: 1 when one is not ok, a file is wrong, or too little is covered. */
export async function testFlows(paths: readonly string[], options: TestOptions, say: Say): Promise<number> {
  const surroundings = await surroundingsOf(options.config);
  const asked = paths.length === 0 ? [await flowFolderOf(options.config)] : paths;
  const files = await testFilesOf(asked);
  const tested: TestedFile[] = [];
  for (const file of files) tested.push(await testFile(file, surroundings));
  const coverage = await coverageOfAll(asked, tested, surroundings);
  const least = options.minCoverage ?? 0;
  const short = coverage.filter(({ nodes, ways }) => Math.min(percentOf(nodes), percentOf(ways)) < least);
  const results = tested.flatMap((file) => file.results);
  const failed = results.filter((result) => !result.ok).length;
  const isOk = failed === 0 && short.length === 0 && files.length > 0 && tested.every(({ findings }) => findings.length === 0);
  if (options.json === true) say(JSON.stringify(reportOf(tested, coverage, isOk), null, 2));
  else {
    if (files.length === 0) say(`no tests were found; they stand beside a flow as NAME.test.yaml`);
    for (const file of tested) sayFile(file, options, say);
    for (const flow of coverage) sayCoverage(flow, say);
    for (const { flow } of short) say(`${flow}: less than ${least} % is covered`);
    say(`${counted(results.length, 'test')}, ${results.length - failed} ok, ${failed} not ok`);
  }
  return isOk ? 0 : 1;
}

async function testFile(file: string, surroundings: Surroundings): Promise<TestedFile> {
  const wrong = (findings: readonly Finding[]): TestedFile => ({ file, findings, flow: null, results: [] });
  const content = await readFile(file, 'utf8').catch(() => null);
  if (content === null) {
    const [message, messageZh] = ['there is no such file of tests', '没有这个测试文件'];
    return wrong([{ file, line: 1, column: 1, level: 'error', rule: 'unreadable', message, messageZh }]);
  }
  const tests = readFlowTests(content, file);
  if (!tests.ok) return wrong(tests.error);
  const read = await readFlowWithNeighbours(flowFileOf(file), surroundings.known);
  if (!read.ok) return wrong(read.error);
  const { flow, flows } = read.value;
  const { isOpen, emergency, promptText } = surroundings;
  const results = tests.value.map((test) => runFlowTest(test, { flow, flows, isOpen, emergency, promptText }));
  return { file, findings: [], flow, results };
}

/** Of every flow that was asked for, tested or not: one without a test has been walked by nobody. */
async function coverageOfAll(
  asked: readonly string[],
  tested: readonly TestedFile[],
  { known }: Surroundings,
): Promise<FlowCoverage[]> {
  const flows = new Map<string, CheckedFlow>();
  const untested = (await flowFilesOf(asked)).filter((path) => !/\.test\.ya?ml$/.test(path));
  for (const { flow } of tested) if (flow !== null) flows.set(flow.flowId, flow);
  for (const path of untested) {
    const read = await readFlowWithNeighbours(path, known);
    if (read.ok && !flows.has(read.value.flow.flowId)) flows.set(read.value.flow.flowId, read.value.flow);
  }
  const walks = tested.flatMap(({ results }) => results.map(({ events }) => events));
  return Array.from(flows.values(), (flow) => coverageOf(flow, walks)).sort((a, b) => (a.flow < b.flow ? -1 : 1));
}

function sayFile({ file, findings, flow, results }: TestedFile, options: TestOptions, say: Say): void {
  say(file);
  for (const finding of findings) say(`  ${formatFinding(finding)}`);
  for (const result of results) {
    say(`  ${result.ok ? 'ok    ' : 'not ok'}  ${result.test}${result.ok ? '' : `  (${file}:${result.line})`}`);
    for (const { line, what, expected, happened } of result.problems) {
      say(`            line ${line}, ${what}`);
      say(`              expected  ${expected}`);
      say(`              happened  ${happened}`);
    }
    if (result.ok && options.walks !== true) continue;
    say('            the walk');
    for (const line of transcriptOf(result.events, flow?.flowId ?? '')) say(`              ${line}`);
  }
}

function sayCoverage({ flow, nodes, ways }: FlowCoverage, say: Say): void {
  const share = (covered: Covered): string => `${covered.taken}/${covered.total} (${percentOf(covered)} %)`;
  say(`${flow}: nodes ${share(nodes)}, branches ${share(ways)}`);
  if (nodes.never.length > 0) say(`  never entered: ${nodes.never.join(', ')}`);
  if (ways.never.length > 0) say(`  never taken: ${ways.never.join(', ')}`);
}

function reportOf(tested: readonly TestedFile[], coverage: readonly FlowCoverage[], isOk: boolean): unknown {
  return {
    ok: isOk,
    files: tested.map(({ file, findings, flow, results }) => ({
      file,
      findings,
      tests: results.map(({ test, line, ok, problems, events }) => ({
        test,
        line,
        ok,
        problems,
        walk: transcriptOf(events, flow?.flowId ?? ''),
      })),
    })),
    coverage: coverage.map(({ flow, nodes, ways }) => ({
      flow,
      nodes: { ...nodes, percent: percentOf(nodes) },
      branches: { ...ways, percent: percentOf(ways) },
    })),
  };
}
