import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import { Child, type ChildExit } from '../../src/cli/stack/child.js';
import { projectFolder } from '../../src/cli/stack/places.js';

/** `hotline serve` as a process of its own, so that kill -9 is one. */

const READY_WITHIN_MS = 60_000;

/** Takes the types out of today's sources, which starts faster than doing it at each start, and is never older than they are. */
export async function buildHotline(folder: string): Promise<string> {
  const source = join(projectFolder, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('web/'))
    .map((file) => join(source, file));
  const outdir = join(folder, 'dist');
  mkdirSync(outdir, { recursive: true });
  copyFileSync(join(projectFolder, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  await build({
    entryPoints: files,
    outdir,
    outbase: source,
    format: 'esm',
    platform: 'node',
    sourcemap: 'inline',
    logLevel: 'error',
  });
  return join(outdir, 'cli', 'hotline.js');
}

export interface HotlineOptions {
  readonly program: string;
  readonly config: string;
  readonly url: string;
  readonly logFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class HotlineProcess {
  #child: Child | null = null;

  constructor(private readonly options: HotlineOptions) {}

  /** Another one of the same house. */
  twin(changes: Pick<HotlineOptions, 'config' | 'url' | 'logFile'>): HotlineProcess {
    return new HotlineProcess({ ...this.options, ...changes });
  }

  get child(): Child {
    if (this.#child === null) throw new Error('hotline was not started');
    return this.#child;
  }

  /** Resolves when it says that it is ready: it is the writer and its switch is up. */
  async start(): Promise<void> {
    this.launch();
    await this.ready();
  }

  /** Runs it to its end with another configuration. */
  tryServe(config: string): Promise<{ code: number | null; said: string }> {
    const { program, env } = this.options;
    const args = ['--enable-source-maps', program, 'serve', '--config', config];
    return new Promise((resolve) => {
      const child = execFile(process.execPath, args, { cwd: projectFolder, env, timeout: 20_000 }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, said: `${stdout}${stderr}` }),
      );
    });
  }

  /** Another command of the same program. */
  say(words: readonly string[]): Promise<{ code: number | null; text: string }> {
    const { program, env } = this.options;
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [program, ...words],
        { cwd: projectFolder, env, timeout: 20_000 },
        (_error, stdout, stderr) => resolve({ code: child.exitCode, text: `${stdout}${stderr}` }),
      );
    });
  }

  /** Starts it and does not wait. */
  launch(): void {
    const { program, config, logFile, env } = this.options;
    this.#child = Child.start({
      name: 'hotline',
      command: process.execPath,
      args: ['--enable-source-maps', program, 'serve', '--config', config],
      cwd: projectFolder,
      logFile,
      env,
    });
  }

  async ready(withinMs = READY_WITHIN_MS): Promise<void> {
    const limit = performance.now() + withinMs;
    while (!(await isOk(`${this.options.url}/readyz`))) {
      if (!this.child.isRunning) {
        const { code } = await this.child.exited;
        throw new Error(`hotline ended while starting (${code}): ${this.child.tail()}`);
      }
      if (performance.now() > limit) throw new Error(`hotline was not ready within ${withinMs} ms: ${this.child.tail()}`);
      await pause(20);
    }
  }

  /** SIGTERM, as at a change of version. Resolves with how it ended. */
  async stop(): Promise<ChildExit | null> {
    if (this.#child === null) return null;
    await this.#child.stop(12_000);
    return this.#child.exited;
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
  }
}

async function isOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    const { checks } = (await response.json()) as { checks: { name: string; ok: boolean }[] };
    // Callers are served before the words of values are there; a scene may need them at once.
    return response.ok && checks.some(({ name, ok }) => name === 'prompts' && ok);
  } catch {
    return false;
  }
}
