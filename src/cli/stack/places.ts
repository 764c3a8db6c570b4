import { accessSync, chownSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Identity } from './child.js';

/** The folder of the project, found from this file in `src/cli/stack` or `dist/cli/stack`. */
export const projectFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** Everything that set-up and start write lies in here. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const named = env.HOTLINE_CACHE;
  return named === undefined || named === '' ? join(projectFolder, '.cache') : resolve(named);
}

/** The first of `names` that can be run from PATH, else null. Asterisk lives in sbin, which an ordinary user's PATH lacks. */
export function onPath(env: Readonly<Record<string, string | undefined>>, names: readonly string[]): string | null {
  const folders = [...(env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(
    (folder) => folder !== '',
  );
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return null;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** `usr/lib/x86_64-linux-gnu` and its like inside an unpacked package folder, plus `usr/lib`. */
export function libraryFolders(root: string): string[] {
  const lib = join(root, 'usr', 'lib');
  if (!existsSync(lib)) return [];
  const triplets = readdirSync(lib).filter((name) => name.endsWith('-linux-gnu') || name.includes('-linux-gnueabi'));
  return [...triplets.map((name) => join(lib, name)), lib];
}

/** Makes folders and gives them to the user that the child will be, with everything in them. */
export function giveFolders(folders: readonly string[], identity: Identity | undefined, mode = 0o750): void {
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true, mode });
    if (process.getuid?.() !== 0) continue;
    const [uid, gid] = identity?.kind === 'user' ? [identity.uid, identity.gid] : [0, 0];
    giveTree(folder, uid, gid);
  }
}

function giveTree(path: string, uid: number, gid: number): void {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) return;
  // What is already right is left alone: a year of recordings is not touched at every start.
  if (info.uid !== uid || info.gid !== gid) chownSync(path, uid, gid);
  if (!info.isDirectory()) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (!entry.isSymbolicLink()) giveTree(join(path, entry.name), uid, gid);
  }
}

/** Whether any user may walk to `path`: a project cloned below /root is closed to all but root. */
export function isReachableByAll(path: string): boolean {
  for (let at = resolve(path); ; at = dirname(at)) {
    const info = statSync(at, { throwIfNoEntry: false });
    if (info?.isDirectory() && (info.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
