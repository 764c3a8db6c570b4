import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { formatConfigFinding, loadConfig } from '../main/config/load.js';
import { asteriskConfigCommand } from './stack/asterisk-config-command.js';
import { cacheFolder, projectFolder } from './stack/places.js';
import { runUp } from './stack/up.js';
import { type House, upCommand } from './stack/up-options.js';

const EX_CONFIG = 78;

/** `hotline up`: Redis, Asterisk and hotline on this machine, in the foreground. `hotline asterisk-config`: for an Asterisk elsewhere. */
export function addUpCommand(program: Command): void {
  const { env } = process;
  program.addCommand(
    upCommand(env, async (options) => {
      process.exit(await runUp(options, await readHouse(options.config, options.data, options.overlay)));
    }),
  );
  const config = env.HOTLINE_CONFIG ?? join(projectFolder, 'config');
  const data = env.HOTLINE_DATA ?? join(cacheFolder(env), 'data');
  program.addCommand(asteriskConfigCommand(env, () => readHouse(config, data, env.HOTLINE_OVERLAY || null)));
}

/** What the stack must know of the configuration. A mistake in it ends the process: nothing is started on half a configuration. */
async function readHouse(config: string, data: string, overlay: string | null): Promise<House> {
  const loaded = await loadConfig(config, { overlay });
  if (!loaded.ok) {
    for (const finding of loaded.error) console.error(formatConfigFinding(finding));
    console.error('hotline: the configuration has mistakes; nothing was started');
    process.exit(EX_CONFIG);
  }
  const { acd, numbers, customers, site, endpoints } = loaded.value;
  const prompts = resolve(data, 'prompts');
  return {
    agents: acd.agents.map(({ id, phone, team }) => ({ id, phone: phone.replace(/^sip:/, ''), team })),
    numbers: Object.keys(numbers),
    customerNumbers: customers.numbers,
    endpoints: Object.values(endpoints).filter(({ network, url }) => network === 'loopback' && url.startsWith('http:')),
    fallbackAnnouncements: site.languages.map((language) => join(prompts, `fallback-${language}`)),
    goodbyePrompt: join(prompts, `goodbye-${site.languages[0] ?? 'zh'}`),
  };
}
