// Runs the checks (types, style, floors) and the tests, shows what fails, and ends with `N passed, N failed`: each check counts as one,
// of the tests every single assertion. Exit code 0 only when nothing failed and something was run.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { countResults } from './count-results.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const cache = process.env.HOTLINE_CACHE ?? join(project, '.cache');
const quick = process.argv.includes('--quick');
const bin = (name) => join(project, 'node_modules', '.bin', name);

const CHECKS = [
  { name: 'types', command: bin('tsc'), args: ['--noEmit', '-p', 'tsconfig.json'] },
  { name: 'style', command: bin('biome'), args: ['check', '.'] },
  { name: 'floors', command: process.execPath, args: ['scripts/check-imports.mjs'], needs: 'scripts/check-imports.mjs' },
];

function run(command, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
      });
    }
    child.once('error', (error) => resolve({ code: 127, output: String(error) }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

async function runChecks() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const check of CHECKS) {
    const started = performance.now();
    if (check.needs && !existsSync(join(project, check.needs))) {
      console.log(`FAILED ${check.name}: ${check.needs} is missing`);
      total.failed += 1;
      continue;
    }
    const { code, output } = await run(check.command, check.args);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)`);
    if (code !== 0) console.log(output.trimEnd().split('\n').slice(-60).join('\n'));
    total[code === 0 ? 'passed' : 'failed'] += 1;
  }
  return total;
}

/** Those below real/ need Asterisk and SIPp, those below web/ a browser; the named ones take long by computing. */
const LEFT_OUT_OF_QUICK =
  /^(real\/|web\/|simulation\/(planted|scenario-published|seeds|restarts-of-a-day)\.|service-level\/recorded-|adapters\/history\.)/;

function testFiles() {
  return readdirSync(join(project, 'test'), { recursive: true })
    .filter((file) => file.endsWith('.test.ts') || file.endsWith('.test.tsx'))
    .filter((file) => !quick || !LEFT_OUT_OF_QUICK.test(file))
    .map((file) => join('test', file))
    .sort();
}

/** tap redraws its screen several times a second; of that, only what is new is shown: each file once, and every failure in full. */
function newsOnly() {
  const seen = new Set();
  let wasEmpty = true;
  return (raw) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the signs that move the cursor are what is taken out
    const line = raw.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').trimEnd();
    if (/^\s*RUNS /.test(line) || /^(Asserts|Suites):|^# No coverage|TEST COMPLETE/.test(line)) return;
    if (/^\s*PASS /.test(line)) {
      if (seen.has(line)) return;
      seen.add(line);
    }
    if (line === '' && wasEmpty) return;
    wasEmpty = line === '' || /^\s*PASS /.test(line);
    console.log(line);
  };
}

/** Those that measure in milliseconds run alone, since beside one another they would measure each other. */
const MEASURING = ['test/real/asterisk-contract.test.ts', 'test/real/barge-in.test.ts'];

/**
 * Each group after the other. Two at a time is what the smallest machine has cores for; tests with real calls wait more than they compute, and wait for
 * each other rather than for what computes.
 */
const GROUPS = [
  { name: 'together', jobs: 2, has: (file) => !file.startsWith('test/real/') },
  { name: 'real', jobs: 2, has: (file) => file.startsWith('test/real/') && !MEASURING.includes(file) },
  { name: 'alone', jobs: 1, has: (file) => MEASURING.includes(file) },
];

async function runAllTests(files) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, jobs, has } of GROUPS) {
    const started = performance.now();
    const counted = await runTests(files.filter(has), name, jobs);
    for (const key of Object.keys(total)) total[key] += counted[key];
    console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return total;
}

function runTests(files, group, jobs) {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  const tapFile = join(cache, 'log', `${quick ? 'quick' : 'all'}-${group}.tap`);
  mkdirSync(dirname(tapFile), { recursive: true });
  rmSync(tapFile, { force: true });
  // A test that hangs must not hang the rest.
  const flags = [
    '--disable-coverage',
    '--allow-empty-coverage',
    `--jobs=${jobs}`,
    `--timeout=${quick ? 60 : 240}`,
    '--reporter=base',
  ];
  return new Promise((resolve) => {
    const child = spawn(bin('tap'), ['run', ...flags, `--output-file=${tapFile}`, ...files], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      const lines = createInterface({ input: stream });
      const show = newsOnly();
      lines.on('line', (line) => show(line));
    }
    const finish = (code) => {
      const counted = countResults(existsSync(tapFile) ? readFileSync(tapFile, 'utf8') : '');
      // tap may fail without any assertion that did: a file that cannot be loaded, a time-out.
      if (code !== 0 && counted.failed === 0) counted.failed = 1;
      resolve(counted);
    };
    child.once('error', () => finish(127));
    child.once('close', (code) => finish(code ?? 1));
  });
}

const started = performance.now();
const checks = await runChecks();
const files = testFiles();
console.log(`Tests: ${files.length} files`);
const tests = files.length === 0 ? { passed: 0, failed: 1, skipped: 0 } : await runAllTests(files);
const failed = checks.failed + tests.failed;
console.log(`${((performance.now() - started) / 1000).toFixed(0)} s${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`);
console.log(`${checks.passed + tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
