import { createAsteriskSwitch } from '../adapters/asterisk/asterisk-switch.js';
import type { PromptCatalogue } from '../adapters/files/prompt-manifest.js';
import { isAllowed } from '../call/dial-out.js';
import type { Clock } from '../ports/clock.js';
import type { Log } from '../ports/log.js';
import type { Switch } from '../ports/switch.js';
import { SimulatedSwitch } from '../simulation/simulated-switch.js';
import type { DialOut } from './config/callback.js';
import type { Settings } from './config/environment.js';

export interface ChosenSwitch {
  readonly switch: Switch;
  readonly simulated: SimulatedSwitch | null;
  /** What was dropped or went wrong in the adapter, by kind. */
  readonly faults: () => Record<string, number>;
}

export function chooseSwitch(settings: Settings, prompts: PromptCatalogue | null, clock: Clock, log: Log): ChosenSwitch {
  const { kind, id, url, app, user } = settings.switch;
  if (kind === 'simulated') {
    const simulated = new SimulatedSwitch({ id, clock, promptMs: (ref) => prompts?.lengthMs(ref) ?? 1_500 });
    return { switch: simulated, simulated, faults: () => ({}) };
  }
  const music = [...new Set(settings.acd.queues.map((queue) => queue.music))];
  const asterisk = createAsteriskSwitch({
    id,
    url: url.replace(/\/ari\/?$/, ''),
    username: user,
    password: settings.switchPassword ?? '',
    app,
    resolvePrompt: (ref) => prompts?.resolve(ref) ?? null,
    promptMs: (ref) => prompts?.lengthMs(ref) ?? null,
    outside: settings.dialOut
      ? { trunk: settings.dialOut.trunk, mayDial: (number) => isAllowed(settings.dialOut as DialOut, number) }
      : undefined,
    musicClasses: [music[0] ?? 'hotline', ...music.slice(1)],
    log,
  });
  return { switch: asterisk, simulated: null, faults: () => asterisk.faults() };
}
