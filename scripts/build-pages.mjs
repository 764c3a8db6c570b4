// Builds the pages of src/web into a folder. The parts that few screens need (flows, the editor) are chunks of their own, so that a wall
// does not load them.
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/web', import.meta.url));
/** Of src/web, what the browser gets as it is. */
const AS_IT_IS = new Set(['.html', '.css', '.svg', '.json', '.png', '.ico', '.webmanifest', '.woff2']);

/** Fills `target`, which need not exist. Throws what esbuild finds. */
export async function buildPagesInto(target) {
  mkdirSync(target, { recursive: true });
  const files = readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of files) {
    if (!AS_IT_IS.has(extname(entry.name)) || entry.name.endsWith('.test.json')) continue;
    const file = join(entry.parentPath ?? entry.path, entry.name);
    const copy = join(target, relative(source, file));
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(file, copy);
  }
  const entry = join(source, 'main.tsx');
  if (!existsSync(entry)) return;
  const { build } = await import('esbuild');
  await build({
    entryPoints: [entry],
    outdir: target,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    chunkNames: '[name]-[hash]',
    minify: true,
    sourcemap: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'warning',
  });
}
