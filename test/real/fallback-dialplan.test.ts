import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cacheFolder } from '../../src/cli/stack/places.js';
import { createPhone, type Phone, until } from '../support/phone/phone.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { writeToneWav } from '../support/tone.js';

/** The dialplan alone, as callers and agents meet it while hotline is away. */

const ANNOUNCEMENT_HZ = 700;
const CALLER_HZ = 1100;
const AGENT_HZ = 1500;

async function open(options: {
  announcement: boolean;
}): Promise<{ stack: TestStack; agent: Phone; caller: Phone; number: string }> {
  const caller = await createPhone({ name: '13800000001', toneHz: CALLER_HZ });
  t.teardown(() => caller.close());
  const agent = await createPhone({ name: '1001', toneHz: AGENT_HZ, behaviour: { answerAfterMs: 300 } });
  t.teardown(() => agent.close());
  const sounds = join(cacheFolder(process.env), 'tests', `sounds-${process.pid}`);
  mkdirSync(sounds, { recursive: true });
  t.teardown(() => rmSync(sounds, { recursive: true, force: true }));
  const prompt = join(sounds, 'prompt');
  writeToneWav(`${prompt}.wav`, ANNOUNCEMENT_HZ, 1);
  const stack = await startTestStack(t, {
    asterisk: {
      phones: [{ name: '1001', password: null, contact: agent.uri }],
      fallback: {
        announcements: options.announcement ? [prompt] : [`${prompt}-missing`],
        goodbye: prompt,
        members: ['1001'],
        waitS: 3,
      },
    },
  });
  return { stack, agent, caller, number: `sip:95588@127.0.0.1:${stack.asterisk.sipPort}` };
}

t.test('a caller is taken within a second, hears the announcement, and is connected with an agent', async (t) => {
  const { agent, caller, number } = await open({ announcement: true });
  const call = await caller.dial(number);
  await call.answered(3_000);
  t.ok((call.answeredAt ?? Number.POSITIVE_INFINITY) - call.invitedAt < 1_000, 'picked up within a second');
  await until('the announcement', () => call.heard({ hz: ANNOUNCEMENT_HZ }).frames > 30, { withinMs: 5_000 });
  const leg = await agent.answered(8_000);
  await until(
    'both hear each other',
    () => call.heard({ hz: AGENT_HZ }).frames > 10 && leg.heard({ hz: CALLER_HZ }).frames > 10,
    { withinMs: 5_000 },
  );
  t.equal(leg.from, '13800000001', 'the agent sees who calls');
  agent.hangUp();
  await call.ended(5_000);
  t.equal(call.endedBy, 'them');
});

t.test('without the announcement file there is a tone, without an agent a goodbye', async (t) => {
  const { agent, caller, number } = await open({ announcement: false });
  agent.behave({ answerAfterMs: null });
  const call = await caller.dial(number);
  await call.answered(3_000);
  await until('the tone in place of the announcement', () => call.heard({ hz: 880 }).frames > 5, { withinMs: 3_000 });
  await until('the goodbye after the longest wait', () => call.heard({ hz: ANNOUNCEMENT_HZ }).frames > 30, { withinMs: 12_000 });
  await call.ended(5_000);
  t.equal(call.endedBy, 'them', 'hung up after the goodbye');
});
