import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../src/cli/stack/places.js';

/** Speaking all shipped prompts takes the better part of a minute: houses of tests that need them only to be there share one folder of them. */
export function sharePrompts(data: string): void {
  const shared = join(cacheFolder(process.env), 'tests', 'shipped-prompts');
  mkdirSync(shared, { recursive: true });
  mkdirSync(data, { recursive: true });
  symlinkSync(shared, join(data, 'prompts'));
}
