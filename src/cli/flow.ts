import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { flowSchema } from '../flow/flow-schema.js';
import { checkFlows } from './flow/check-flows.js';
import { diffFlows } from './flow/diff-flows.js';
import { graphFlow } from './flow/graph-flow.js';
import { terminalLines } from './flow/terminal-lines.js';
import { testFlows } from './flow/test-flows.js';
import { type TryOptions, tryFlow } from './flow/try-flow.js';

export { list, namesOf, part, text, valuesOf } from './known-names.js';
export { checkFlows };

/** The process as a command sees it. */
export interface CommandHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  write(text: string): void;
  setExitCode(code: number): void;
}

/** Without an environment. */
export const PLAIN_HOST: CommandHost = {
  env: {},
  write: (text) => void process.stdout.write(text),
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

/** `hotline flow ...`: what an admin asks of flow files. Needs no switch, no Redis and no running hotline. */
export function addFlowCommand(program: Command, host: CommandHost = PLAIN_HOST): void {
  const flow = program.command('flow').description('Check, try, test, draw and compare IVR flows');
  const say = (line: string): void => host.write(`${line}\n`);
  const add = (nameAndArguments: string, about: string): Command =>
    flow
      .command(nameAndArguments)
      .description(about)
      .option(
        '-c, --config <folder>',
        'configuration that names queues, skills, calendars and system prompts',
        host.env.HOTLINE_CONFIG || 'config',
      );
  add(
    'check <file...>',
    'Check flow files or folders of them; each finding is file:line:column level rule message. Ends with 1 when there is an error.',
  )
    .option('--json', 'print the findings as JSON')
    .option('--lang <language>', 'say the findings in zh or en, and below each what to do')
    .action(async (files: string[], options: { config: string; json?: boolean; lang?: string }) => {
      host.setExitCode(await checkFlows(files, options.config, say, options));
    });
  add('try <file>', 'Walk a flow as a caller, without a switch. Type help for what can be done; input may be piped.')
    .option('--number <number>', 'the number that calls', '13900000000')
    .option('--dialled <number>', 'the number that is called (else the first that leads to this flow)')
    .option('--language <language>', 'spoken until the caller chooses (else the first of the flow)')
    .option('--at <moment>', 'when it is, like 2026-11-20T10:00+08:00 (else now)')
    .action(async (file: string, options: TryOptions) => {
      host.setExitCode(await tryFlow(file, options, terminalLines, say));
    });
  add('test [path...]', 'Run the tests that stand beside flows (NAME.test.yaml). Ends with 1 when one is not ok.')
    .option('--json', 'print results, walks and coverage as JSON')
    .option('--walks', 'show the walk of every test, not only of those that are not ok')
    .option('--min-coverage <percent>', 'also end with 1 when less of the nodes or branches of a flow is walked', percent)
    .action(async (paths: string[], options: { config: string; json?: boolean; walks?: boolean; minCoverage?: number }) => {
      host.setExitCode(await testFlows(paths, options, say));
    });
  add('graph <file>', 'Draw a flow as SVG')
    .option('-o, --out <file>', 'write it there (else to the output)')
    .option('--language <language>', 'language of the words in the boxes (else the first of the flow)')
    .action(async (file: string, options: { config: string; out?: string; language?: string }) => {
      host.setExitCode(await graphFlow(file, options, say));
    });
  add(
    'diff <a> <b>',
    'Say what changed from one flow file to another. Ends with 0 when callers notice nothing, 1 else, 2 when one has errors.',
  )
    .option('--json', 'print it as JSON')
    .action(async (a: string, b: string, options: { config: string; json?: boolean }) => {
      host.setExitCode(await diffFlows(a, b, options, say));
    });
  flow
    .command('schema')
    .description('Print the JSON Schema of flow files, or write it to a file')
    .option('-o, --out <file>', 'write it there')
    .action(async (options: { out?: string }) => {
      const schema = `${JSON.stringify(flowSchema(), null, 2)}\n`;
      if (options.out === undefined) host.write(schema);
      else await writeFile(options.out, schema);
    });
}

function percent(text: string): number {
  const share = Number(text.replace(/%$/, ''));
  if (!(share >= 0 && share <= 100)) throw new InvalidArgumentError('a share from 0 to 100 is expected');
  return share;
}
