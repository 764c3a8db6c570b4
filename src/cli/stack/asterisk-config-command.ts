import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type AsteriskTrunk, readAsteriskTemplates, renderAsteriskConfig } from '../../adapters/asterisk/render-config.js';
import { musicFolder } from './asterisk.js';
import { cacheFolder, projectFolder } from './places.js';
import { openSecrets } from './secrets.js';
import type { House } from './up-options.js';

interface Flags {
  data: string;
  modules: string;
  asteriskData: string;
  run: string;
  log: string;
  music: string;
  ariHost: string;
  ariPort: number;
  sipHost: string;
  sipPort: number;
  rtpFrom: number;
  rtpTo: number;
  trunk: AsteriskTrunk[];
}

/**
 * `hotline asterisk-config <folder>`: the configuration of an Asterisk that runs somewhere else (a container, a machine of its own). The ARI
 * password comes from HOTLINE_ARI_PASSWORD; every phone of the configuration gets a password of its own, kept in `<data>/secrets.json`.
 */
export function asteriskConfigCommand(
  env: Readonly<Record<string, string | undefined>>,
  readHouse: () => Promise<House>,
): Command {
  return new Command('asterisk-config')
    .summary('write the configuration of an Asterisk that runs elsewhere')
    .argument('<folder>', 'where to write it')
    .option('--data <folder>', 'shared with hotline: recordings and prompts', env.HOTLINE_DATA ?? join(cacheFolder(env), 'data'))
    .option('--modules <folder>', "Asterisk's modules", '/usr/lib/x86_64-linux-gnu/asterisk/modules')
    .option('--asterisk-data <folder>', "Asterisk's own data", '/usr/share/asterisk')
    .option('--run <folder>', 'control socket and state', '/run/asterisk')
    .option('--log <folder>', 'log files', '/var/log/asterisk')
    .option('--music <folder>', 'hold music', musicFolder(env))
    .option('--ari-host <address>', 'where ARI listens', '127.0.0.1')
    .option('--ari-port <port>', 'port of ARI', Number, 8088)
    .option('--sip-host <address>', 'where SIP listens', '127.0.0.1')
    .option('--sip-port <port>', 'port of SIP', Number, 5060)
    .option('--rtp-from <port>', 'first port of sound', Number, 20_000)
    .option('--rtp-to <port>', 'last port of sound', Number, 20_999)
    .option(
      '--trunk <name=address[,sip:host:port]>',
      'where calls come from, and where people outside are dialled; may be repeated',
      trunk,
      [],
    )
    .action(async (folder: string, flags: Flags, command: Command) => {
      const password = env.HOTLINE_ARI_PASSWORD;
      if (password === undefined || password === '')
        command.error('error: set HOTLINE_ARI_PASSWORD, the same as for hotline serve');
      write(resolve(folder), flags, password as string, await readHouse());
    });
}

function trunk(text: string, before: AsteriskTrunk[]): AsteriskTrunk[] {
  const [, name, match, contact] = /^([^=,]+)=([^=,]+)(?:,(sip:.+))?$/.exec(text) ?? [];
  if (!name || !match)
    throw new InvalidArgumentError('a trunk is written like carrier=192.0.2.7 or carrier=192.0.2.7,sip:192.0.2.7:5060');
  return [...before, { name, match, ...(contact === undefined ? {} : { contact }) }];
}

function write(folder: string, flags: Flags, ariPassword: string, house: House): void {
  const secrets = openSecrets(flags.data);
  const names = [...new Set(house.agents.map(({ phone }) => phone))];
  const files = renderAsteriskConfig(
    {
      folders: {
        etc: folder,
        modules: flags.modules,
        data: flags.asteriskData,
        state: flags.run,
        spool: flags.data,
        run: flags.run,
        log: flags.log,
        music: flags.music,
      },
      sip: { host: flags.sipHost, port: flags.sipPort },
      rtp: { from: flags.rtpFrom, to: flags.rtpTo },
      ari: { host: flags.ariHost, port: flags.ariPort, user: 'hotline', password: ariPassword },
      phones: names.map((name) => ({ name, password: secrets.phonePassword(name), contact: null })),
      trunks: flags.trunk,
      ownNumbers: house.numbers,
      fallback: {
        announcements: house.fallbackAnnouncements ?? [],
        goodbye: house.goodbyePrompt ?? join(flags.data, 'prompts', 'goodbye'),
        members: names,
        waitS: 300,
      },
    },
    readAsteriskTemplates(join(projectFolder, 'dialplan', 'asterisk')),
  );
  for (const sub of ['recording', 'monitor']) mkdirSync(join(flags.data, sub), { recursive: true, mode: 0o750 });
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  for (const [name, text] of files) writeFileSync(join(folder, name), text, { mode: 0o640 });
}
