import { type FSWatcher, watch } from 'node:fs';
import { access, chmod, constants, copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, type Result } from '../../base/result.js';
import type { Finding } from '../../flow/finding.js';
import { type FlowTexts, readFlowTexts } from './flow-files.js';

/** The folder whose files say which flows are live: read, written whole, and watched. */
export class FlowFolderFiles {
  constructor(readonly path: string) {}

  read(): Promise<Result<FlowTexts, readonly Finding[]>> {
    return readFlowTexts(this.path);
  }

  /** Null: files can be replaced here; else why not. */
  async whyReadOnly(): Promise<string | null> {
    try {
      await access(this.path, constants.W_OK | constants.X_OK);
      return null;
    } catch (error) {
      return `the folder of flows cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    }
  }

  /**
   * Replaces a file whole: a reader sees the old text or the new one, also after a crash. The mode of the file stays. `name` is one that `read` has
   * given. An error says why nothing was written.
   */
  async write(name: string, text: string): Promise<Result<null, string>> {
    const path = join(this.path, name);
    const half = join(this.path, `.${name}.${process.pid}.new`);
    try {
      const mode = (await stat(path)).mode & 0o7777;
      await writeSynced(half, text, mode);
      await rename(half, path);
      await syncFolder(this.path);
      return ok(null);
    } catch (error) {
      await rm(half, { force: true }).catch(() => {});
      return err((error as NodeJS.ErrnoException).code ?? (error as Error).message);
    }
  }

  /** Puts a copy of a file beside it that no reader takes for a flow, before it is replaced. */
  async putAside(name: string): Promise<void> {
    await copyFile(join(this.path, name), join(this.path, `${name}.refused`));
  }

  /** Calls back when a look is worth while; `everyMs` is for folders whose changes are not reported. Returns the function that ends it. */
  watch(look: () => void, everyMs: number): () => void {
    const timer = setInterval(look, everyMs);
    let watcher: FSWatcher | null = null;
    try {
      watcher = watch(this.path, { persistent: false }, look);
      // A folder that is taken away or cannot be watched is still looked at.
      watcher.on('error', () => watcher?.close());
    } catch {
      // No watching here (out of watches, a network disk): the timer looks.
    }
    return () => {
      clearInterval(timer);
      watcher?.close();
    };
  }
}

async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'w', mode);
  try {
    await file.writeFile(text, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
  // What `open` gives is cut by the umask.
  await chmod(path, mode);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch {
    // Some file systems cannot sync a folder; the rename is done all the same.
  } finally {
    await folder.close();
  }
}
