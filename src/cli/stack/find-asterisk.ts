import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { cacheFolder, isExecutable, libraryFolders, onPath } from './places.js';

/** How to run an Asterisk, wherever it lies. */
export interface AsteriskProgram {
  readonly command: string;
  /** Arguments that come before Asterisk's own. */
  readonly prefix: readonly string[];
  readonly modules: string;
  readonly data: string;
  /** `22.10.1` */
  readonly version: string;
  /** For a line on the screen. */
  readonly origin: string;
  /** A folder that the user it runs as must be able to reach. */
  readonly root: string;
}

const OLDEST = 20;

/**
 * Order of choice: the one that is named (a program, or a folder with an unpacked one); `asterisk` 20 or newer on PATH;
 * the one that set-up unpacked into the cache folder. Throws with what to do when there is none.
 */
export function findAsterisk(env: Readonly<Record<string, string | undefined>>, named?: string): AsteriskProgram {
  const wanted = named ?? env.HOTLINE_ASTERISK;
  if (wanted !== undefined && wanted !== '') {
    const path = resolve(wanted);
    const found = isExecutable(path) ? installedAsterisk(path) : unpackedAsterisk(path);
    if (typeof found === 'string') throw new Error(`the Asterisk that you named cannot be used: ${found}`);
    return found;
  }
  const reasons: string[] = [];
  const installed = onPath(env, ['asterisk']);
  for (const found of [
    installed === null ? 'there is no asterisk on PATH' : installedAsterisk(installed),
    unpackedAsterisk(join(cacheFolder(env), 'asterisk')),
  ]) {
    if (typeof found !== 'string') return found;
    reasons.push(found);
  }
  throw new Error(`no Asterisk to run (${reasons.join('; ')}): run scripts/up or scripts/test once, they fetch it`);
}

function installedAsterisk(path: string): AsteriskProgram | string {
  const version = versionOf(path, []);
  if (version === null) return `${path} does not tell its version`;
  if (Number.parseInt(version, 10) < OLDEST) return `${path} is Asterisk ${version}, older than ${OLDEST}`;
  const prefixFolder = resolve(dirname(realpathSync(path)), '..');
  const usr = prefixFolder === '/' ? '/usr' : prefixFolder;
  const modules = modulesBelow([...libraryFolders(dirname(usr)), join(usr, 'lib'), join(usr, 'lib64')]);
  const data = [join(usr, 'share', 'asterisk'), '/usr/share/asterisk', '/var/lib/asterisk'].find((folder) =>
    existsSync(join(folder, 'rest-api')),
  );
  if (modules === undefined) return `the modules of ${path} (with res_ari.so) were not found below ${usr}/lib`;
  if (data === undefined) return `the data folder of ${path} (with rest-api) was not found`;
  return { command: path, prefix: [], modules, data, version, origin: path, root: modules };
}

/** Runs through its own loader and its own libraries, so that it needs no chroot and nothing of this machine but the kernel. */
function unpackedAsterisk(root: string): AsteriskProgram | string {
  const program = join(root, 'usr', 'sbin', 'asterisk');
  if (!existsSync(program)) return `nothing is unpacked in ${root}`;
  const libraries = libraryFolders(root);
  const loader = loaderIn([join(root, 'usr', 'lib64'), ...libraries]);
  if (loader === undefined) return `no program loader was found in ${root}`;
  const prefix = ['--library-path', libraries.join(':'), program];
  const version = versionOf(loader, prefix);
  if (version === null) return `${program} does not run`;
  const modules = modulesBelow(libraries);
  if (modules === undefined) return `its modules were not found in ${root}`;
  return { command: loader, prefix, modules, data: join(root, 'usr', 'share', 'asterisk'), version, origin: root, root };
}

function loaderIn(folders: readonly string[]): string | undefined {
  for (const folder of folders.filter((candidate) => existsSync(candidate))) {
    const name = readdirSync(folder).find((file) => /^ld-linux.*\.so\.\d+$/.test(file));
    if (name !== undefined) return join(folder, name);
  }
  return undefined;
}

function modulesBelow(libraries: readonly string[]): string | undefined {
  return libraries.map((folder) => join(folder, 'asterisk', 'modules')).find((folder) => existsSync(join(folder, 'res_ari.so')));
}

function versionOf(command: string, prefix: readonly string[]): string | null {
  const told = spawnSync(command, [...prefix, '-V'], { encoding: 'utf8', timeout: 10_000 });
  return /Asterisk (?:certified[/-])?(\d+\.\d+(?:\.\d+)?)/.exec(told.stdout ?? '')?.[1] ?? null;
}
