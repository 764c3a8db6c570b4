import { agentHz, HZ } from './house-site.js';
import { type PhoneCall, until } from './phone/phone.js';

/** Each hears the other's tone: nothing weaker counts as connected. Only what is heard from now on counts. */
export async function untilTalking(caller: PhoneCall, agent: PhoneCall, callerHz: number = HZ.caller): Promise<void> {
  const sinceMs = performance.now();
  const ofAgent = agentHz(agent.home.name);
  await until(
    `${caller.from} and ${agent.home.name} to hear each other`,
    () => caller.heard({ hz: ofAgent, sinceMs }).frames > 10 && agent.heard({ hz: callerHz, sinceMs }).frames > 10,
    { withinMs: 8_000, describe: () => `\n${caller.describe()}\n${agent.describe()}` },
  );
}

/** The longest time without any sound since the call was picked up. */
export const longestSilenceMs = (call: PhoneCall): number =>
  Math.round(call.silenceMs({ sinceMs: call.answeredAt ?? 0, untilMs: call.byeAt ?? performance.now() }));
