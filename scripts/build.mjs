// Builds dist/: the programs by tsc, the pages by esbuild. Does nothing when no source has changed since the last build.
// `--force` builds anew, `--web` the pages alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPagesInto } from './build-pages.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const dist = join(project, 'dist');
const stampFile = join(dist, '.built-from');

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Names, sizes and times of everything that the result depends on. */
function fingerprint() {
  const hash = createHash('sha256');
  const single = [
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    'scripts/build.mjs',
    'scripts/build-pages.mjs',
  ].map((name) => join(project, name));
  for (const file of [...single, ...filesBelow(join(project, 'src'))]) {
    const info = statSync(file);
    hash.update(`${relative(project, file)} ${info.size} ${info.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function buildPrograms() {
  const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
  const run = spawnSync(process.execPath, [tsc, '-p', join(project, 'tsconfig.build.json')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.status !== 0) throw new Error('tsc found mistakes');
}

/** tsc never takes away what it once made; a module whose source is gone must not be found any more. */
function removeOrphans() {
  for (const file of filesBelow(dist)) {
    const path = relative(dist, file);
    if (path.startsWith('web/') || !/\.js(\.map)?$/.test(path)) continue;
    const stem = join(project, 'src', path.replace(/\.js(\.map)?$/, ''));
    if (!['.ts', '.tsx'].some((ending) => existsSync(stem + ending))) rmSync(file);
  }
}

async function buildPages() {
  const target = join(dist, 'web');
  rmSync(target, { recursive: true, force: true });
  await buildPagesInto(target);
}

async function main() {
  const wanted = new Set(process.argv.slice(2));
  const now = fingerprint();
  const built = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  if (wanted.has('--web')) return await buildPages();
  if (built === now && !wanted.has('--force')) return;
  const started = performance.now();
  if (wanted.has('--force')) rmSync(dist, { recursive: true, force: true });
  // Gone first, so that a build that breaks off is never taken for a good one.
  rmSync(stampFile, { force: true });
  console.log('  Building ...');
  buildPrograms();
  removeOrphans();
  await buildPages();
  writeFileSync(stampFile, now);
  console.log(`  Building: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

main().catch((error) => {
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
});
