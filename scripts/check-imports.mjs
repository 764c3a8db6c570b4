#!/usr/bin/env node
// Keeps the floors of the house (src/README.md): a file imports from its own folder and from lower floors only, and
// floors 0 to 2 stay free of clocks, chance, timers, processes and client libraries. There are no exceptions in here.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Folder -> floor. The longest matching folder counts. */
const FLOORS = {
  base: 0,
  acd: 1,
  flow: 1,
  'service-level': 1,
  recording: 1,
  call: 2,
  ports: 3,
  control: 4,
  simulation: 4,
  'adapters/asterisk': 5,
  'adapters/freeswitch': 5,
  'adapters/redis': 5,
  'adapters/jobs': 5,
  'adapters/mail': 5,
  'adapters/look-ups': 5,
  'adapters/history': 5,
  'adapters/files': 5,
  http: 5,
  web: 5,
  cli: 6,
  main: 6,
};
/** What a queue and an agent are configured to be is a vocabulary, values without behaviour, that floor 1 shares. */
const VOCABULARY = new Set(['acd/config']);
/** Libraries that only compute: YAML, shapes, and (dagre) where the boxes of a drawing go. */
const PURE_LIBRARIES = new Set(['yaml', 'zod', '@dagrejs/dagre']);
const FORBIDDEN_NAMES = new Set([
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'performance',
  'crypto',
]);

export function checkSource(path, text) {
  const findings = [];
  const source = ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.Latest,
    true,
    path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  );
  const from = placeOf(path);
  if (from === null)
    return [
      `${path}:1:1  error  no-floor  this folder has no floor; put it in the table of scripts/check-imports.mjs and src/README.md`,
    ];
  const say = (node, rule, message) => {
    const { line, character } = source.getLineAndCharacterOfPosition(node.getStart(source));
    findings.push(`${path}:${line + 1}:${character + 1}  error  ${rule}  ${message}`);
  };
  const visit = (node) => {
    const specifier = importedFrom(node);
    if (specifier) checkImport(path, from, specifier, say);
    if (FLOORS[from] <= 2) checkPurity(node, say);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return findings;
}

function importedFrom(node) {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) return node.moduleSpecifier;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0];
  return undefined;
}

function checkImport(path, from, specifier, say) {
  const name = specifier.text ?? '';
  if (!name.startsWith('.')) {
    if (FLOORS[from] <= 2 && !PURE_LIBRARIES.has(name))
      say(specifier, 'no-library', `floor ${FLOORS[from]} (${from}/) may not import "${name}"`);
    return;
  }
  const target = join(dirname(path), name).split(sep).join('/');
  const to = placeOf(target);
  if (to === null || to === from) return;
  if (FLOORS[to] > FLOORS[from])
    say(specifier, 'upward', `${from}/ (floor ${FLOORS[from]}) may not import from ${to}/ (floor ${FLOORS[to]})`);
  else if (
    FLOORS[to] === FLOORS[from] &&
    FLOORS[from] < 6 &&
    !VOCABULARY.has(target.replace(/^src\//, '').replace(/\.[jt]sx?$/, ''))
  )
    say(specifier, 'sideways', `${from}/ may not import from its neighbour ${to}/`);
}

function checkPurity(node, say) {
  if (ts.isAwaitExpression(node)) say(node, 'no-await', 'floors 0 to 2 are synchronous');
  if (!ts.isIdentifier(node)) return;
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    if (node.text === 'random' && parent.expression.getText() === 'Math')
      say(node, 'no-chance', 'chance comes from base/random.ts with a seed');
    return;
  }
  const isReference =
    !ts.isPropertyAssignment(parent) &&
    !ts.isPropertySignature(parent) &&
    !ts.isParameter(parent) &&
    !ts.isTypeReferenceNode(parent);
  if (FORBIDDEN_NAMES.has(node.text) && isReference) say(node, 'not-pure', `"${node.text}" is not allowed on floors 0 to 2`);
}

function placeOf(path) {
  const inside = path
    .split(sep)
    .join('/')
    .replace(/^src\//, '');
  return Object.keys(FLOORS).find((folder) => inside === folder || inside.startsWith(`${folder}/`)) ?? null;
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (/\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts')) yield path;
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const findings = [...sourceFiles(join(root, 'src'))].flatMap((path) =>
    checkSource(relative(root, path), readFileSync(path, 'utf8')),
  );
  for (const finding of findings) console.error(finding);
  console.log(findings.length === 0 ? 'floors: in order' : `floors: ${findings.length} violations`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
