import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import t from 'tap';
import { addFlowCommand } from '../../src/cli/flow.js';
import { parseFlow } from '../../src/flow/parse-flow.js';

/** The flows that are shipped: no finding, and their own tests walk each node and each way. */

async function flow(...args: string[]): Promise<{ code: number; said: string }> {
  let said = '';
  let code = -1;
  const program = new Command().exitOverride();
  addFlowCommand(program, {
    env: {},
    write: (text) => {
      said += text;
    },
    setExitCode: (set) => {
      code = set;
    },
  });
  await program.parseAsync(['node', 'hotline', 'flow', ...args]);
  return { code, said };
}

t.test('hotline flow check has nothing to say', async (t) => {
  t.same(await flow('check', 'ivr-flows'), { code: 0, said: '3 files, 0 errors, 0 warnings\n' });
});

t.test('hotline flow test walks every node and every way', async (t) => {
  const { code, said } = await flow('test', 'ivr-flows', '--min-coverage', '100');
  t.equal(code, 0, said);
  for (const name of ['after-hours', 'credit-card', 'transport-card'])
    t.match(said, new RegExp(`^${name}: nodes (\\d+)/\\1 \\(100 %\\), branches (\\d+)/\\2 \\(100 %\\)$`, 'm'));
  t.match(said, /, 0 not ok\n$/);
});

/** Characters of a second, as the voice of the prompts speaks them. */
const PER_SECOND: Readonly<Record<string, number>> = { zh: 4.5, en: 15 };
const LONGEST_S = 12;

t.test('no menu takes longer to say than about twelve seconds', async (t) => {
  for (const id of ['after-hours', 'credit-card', 'transport-card']) {
    const parsed = parseFlow(readFileSync(`ivr-flows/${id}.yaml`, 'utf8'), { file: id, known: {}, version: 'v1' });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    const { nodes, prompts, languages } = parsed.value;
    const menus = [...nodes].filter(([, node]) => node.kind === 'menu');
    t.ok(menus.length > 1, id);
    for (const [name, node] of menus) {
      if (node.kind !== 'menu') continue;
      for (const language of languages) {
        const own = node.prompts.filter((part) => part.language === null || part.language === language);
        const seconds =
          own.reduce((sum, { prompt }) => sum + (prompts.get(prompt)?.[language] ?? '').length, 0) / (PER_SECOND[language] ?? 1);
        t.ok(seconds > 0 && seconds < LONGEST_S, `${id}:${name} in ${language}: about ${seconds.toFixed(1)} s`);
      }
    }
  }
});
