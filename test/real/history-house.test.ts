import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { recountDay } from '../../src/cli/recount.js';
import { freePorts } from '../../src/cli/stack/ports.js';
import { serve } from '../../src/main/serve.js';
import { readSite } from '../../src/main/site.js';
import { sharePrompts } from '../support/shared-prompts.js';
import { startTestStack } from '../support/stack.js';

/**
 * The whole house with the simulated switch and a private Redis: what is told, kept, reported and recounted is one thing.
 */

t.setTimeout(120_000);
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

t.test('facts reach the history, over a restart; reports, readiness, metrics and recount agree', async (t) => {
  const stack = await startTestStack(t, { redis: true });
  sharePrompts(join(stack.folder, 'data'));
  const port = await freePorts(1);
  const config = join(import.meta.dirname, '../../config');
  const env = {
    HOTLINE_SWITCH: 'simulated',
    HOTLINE_OVERLAY: 'demo',
    HOTLINE_DATA: join(stack.folder, 'data'),
    HOTLINE_HTTP: `127.0.0.1:${port}`,
    HOTLINE_REDIS_URL: stack.redis.url,
    PATH: '/nowhere',
  };
  const site = await readSite({ env, config });
  if (!site.ok) throw new Error(JSON.stringify(site.error));
  const { timeZone } = site.value.settings.site;
  const url = `http://127.0.0.1:${port}/api/v1`;
  const get = async (path: string) => (await fetch(`${url}/${path}`)).json() as Promise<Record<string, unknown>>;
  const onFatal = (reason: string): void => void t.fail(reason);
  const inStep = async (least: number): Promise<number> => {
    for (;;) {
      const { seq } = await get('reports/queues');
      if ((seq as number) >= least) return seq as number;
      await pause(100);
    }
  };

  const callsKept = async (): Promise<{ callId: string }[]> => {
    for (;;) {
      const { calls } = (await get('history/calls?limit=5')) as { calls: { callId: string }[] };
      if (calls.length > 0) return calls;
      await pause(100);
    }
  };

  const first = await serve({ site: site.value, log: SILENT, onFatal });
  // The agents have signed in; a caller comes with the second house at the latest.
  await inStep(10);
  const ready = (await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as { checks: { name: string; detail: string }[] };
  t.match(ready.checks.find(({ name }) => name === 'history')?.detail, /^(in step|\d+ facts wait since \d+ s)$/);
  t.match(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), /^hotline_history_written_facts_total [1-9]/m);
  await first.stop();

  const second = await serve({ site: site.value, log: SILENT, onFatal });
  const before = second.ledger.seq;
  await inStep(before + 5);
  const calls = await callsKept();
  const whole = (await get(`history/calls/${calls[0]?.callId}`)) as { facts: unknown[]; call: { ani: string } };
  t.ok(whole.facts.length > 0, 'its facts are there still');
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone }).format(Date.now());
  const again = await recountDay({ day, live: true, history: true, config, json: true }, env);
  const said = JSON.parse(again.text) as { sources: string[]; differences: unknown[] };
  t.same(said.differences, []);
  t.equal(again.code, 0);
  t.ok(said.sources.includes('live') && said.sources.includes('history by stays'), said.sources.join(', '));
  await second.stop();
});
