import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { formatConfigFinding, loadConfig } from '../main/config/load.js';
import { runUp } from './stack/up.js';
import { type House, type UpOptions, upCommand } from './stack/up-options.js';

/** `hotline up`: Redis, Asterisk and hotline on this machine, in the foreground. */
export function addUpCommand(program: Command): void {
  program.addCommand(
    upCommand(process.env, async (options) => {
      const house = await readHouse(options);
      process.exit(house === null ? 78 : await runUp(options, house));
    }),
  );
}

async function readHouse(options: UpOptions): Promise<House | null> {
  const loaded = await loadConfig(options.config);
  if (!loaded.ok) {
    for (const finding of loaded.error) console.error(formatConfigFinding(finding));
    console.error('hotline: the configuration has mistakes; nothing was started');
    return null;
  }
  const { acd, numbers, customers, site } = loaded.value;
  const prompts = resolve(options.data, 'prompts');
  return {
    agents: acd.agents.map(({ id, phone }) => ({ id, phone: phone.replace(/^sip:/, '') })),
    numbers: Object.keys(numbers),
    customerNumbers: customers.numbers,
    fallbackAnnouncements: site.languages.map((language) => join(prompts, `fallback-${language}`)),
  };
}
