import { flowIdsOf, readFlowText } from '../../adapters/files/flow-files.js';
import { type Finding, formatFindingIn } from '../../flow/finding.js';
import { readFlowTests } from '../../flow/rehearsal/flow-tests.js';
import { type RuleLanguage, ruleWords } from '../../flow/rule-words.js';
import { namesOf } from '../known-names.js';
import { findingsOf, flowFilesOf, holdsTests, readFlows } from './read-flows.js';

/** What `hotline flow check --json` prints. */
export interface CheckReport {
  readonly files: readonly string[];
  readonly errors: number;
  readonly warnings: number;
  readonly findings: readonly Finding[];
}

/** Checks files, and folders of them, against a configuration and says what was found. Returns the exit code: 1 when there is an error. */
export async function checkFlows(
  paths: readonly string[],
  config: string,
  say: (line: string) => void,
  options: { readonly json?: boolean; readonly lang?: string } = {},
): Promise<number> {
  const { lang } = options;
  if (lang !== undefined && lang !== 'zh' && lang !== 'en') {
    say('--lang is zh or en');
    return 1;
  }
  const known = await namesOf(config);
  const files = await flowFilesOf(paths);
  const flowFiles = files.filter((path) => !holdsTests(path));
  const flows = [...(known.flows ?? []), ...(await flowIdsOf(flowFiles))];
  const findings = (await readFlows(flowFiles, { ...known, flows })).flatMap(findingsOf);
  for (const path of files.filter(holdsTests)) findings.push(...(await wrongInTests(path)));
  const errors = findings.filter(({ level }) => level === 'error').length;
  const report: CheckReport = { files, errors, warnings: findings.length - errors, findings };
  if (options.json === true) say(JSON.stringify(report, null, 2));
  else {
    for (const finding of findings) say(formatFindingIn(lang ?? 'en', finding) + adviceFor(finding, lang));
    if (known.queues === undefined)
      say(`note: there is no configuration in "${config}" (--config), so names of queues, skills and calendars were not checked`);
    say(`${counted(files.length, 'file')}, ${counted(errors, 'error')}, ${counted(report.warnings, 'warning')}`);
  }
  // A folder without a flow is more likely a slip of the pen than a hotline without callers.
  if (files.length === 0 && options.json !== true) say('no flow file was found');
  return errors > 0 || files.length === 0 ? 1 : 0;
}

/** A shell's `*.yaml` hands over the tests beside the flows too: they are read as what they are, and not run. */
async function wrongInTests(path: string): Promise<readonly Finding[]> {
  const text = await readFlowText(path);
  const tests = text.ok ? readFlowTests(text.value, path) : text;
  return tests.ok ? [] : tests.error;
}

function adviceFor({ rule }: Finding, language: RuleLanguage | undefined): string {
  const words = language && ruleWords(rule, language);
  return words ? `\n    ${words.name}: ${words.advice}` : '';
}

export const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
