import t from 'tap';
import { asId, type FlowId } from '../../src/base/ids.js';
import { FlowLibrary } from '../../src/call/flow-library.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { CheckedFlow } from '../../src/flow/program.js';

const id = (name: string) => asId<FlowId>(name);

function flow(name: string, version: string): CheckedFlow {
  const text = `flow: ${name}\nlanguages: [zh]\nstart: bye\nnodes:\n  bye: { hangup: true }\n`;
  const parsed = parseFlow(text, { file: `${name}.yaml`, known: {}, version });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const at = (
  name: string,
  version: string,
  release?: number,
  stack: { flowId: FlowId; version: string; node: string }[] = [],
) => ({
  flow: { flowId: id(name), version, stack },
  ...(release !== undefined && { release }),
});

t.test('a new version is for new calls; calls in progress find the one they began with', async (t) => {
  const first = FlowLibrary.of([flow('card', 'a1'), flow('night', 'n1')]);
  const second = first.publish([flow('card', 'a2'), flow('night', 'n1')]);
  t.equal(second.release, 2);
  const calls = second.forCalls();
  t.equal(calls.release, 2);
  t.equal(calls.flow(id('card'), null)?.version, 'a2', 'new calls');
  t.equal(calls.flow(id('card'), 'a1')?.version, 'a1', 'a call in the old one');
  t.equal(calls.flow(id('card'), 'zz'), null, 'a version that nobody knows');
  t.equal(calls.flow(id('none'), null), null);
  t.equal(calls.flowInRelease(id('card'), 1)?.version, 'a1', 'a jump of an old call');
  t.equal(calls.flowInRelease(id('card'), 2)?.version, 'a2');
  t.equal(calls.flowInRelease(id('card'), 99)?.version, 'a2', 'a release that is forgotten: as it is now');
  t.equal(first.forCalls().flow(id('card'), null)?.version, 'a1', 'the library of before has not changed');
});

t.test('the same set is no new release', async (t) => {
  const library = FlowLibrary.of([flow('card', 'a1')], 7);
  t.equal(library.publish([flow('card', 'a1')]), library);
  t.equal(library.release, 7);
  t.equal(library.publish([flow('card', 'a1'), flow('night', 'n1')]).release, 8, 'a flow more is');
  t.equal(library.publish([]).release, 8, 'a flow less is');
});

t.test('a flow that has left the live set goes on for the calls in it', async (t) => {
  const library = FlowLibrary.of([flow('card', 'a1'), flow('night', 'n1')]).publish([flow('card', 'a1')]);
  const calls = library.forCalls();
  t.equal(calls.flow(id('night'), null), null);
  t.equal(calls.flow(id('night'), 'n1')?.version, 'n1');
  t.equal(calls.flowInRelease(id('night'), 1)?.version, 'n1', 'and for those that began when it was there');
  t.equal(calls.flowInRelease(id('night'), 2), null);
});

t.test('what no call can come to is forgotten, and nothing else', async (t) => {
  let library = FlowLibrary.of([flow('card', 'a1'), flow('night', 'n1')]);
  for (const version of ['a2', 'a3', 'a4']) library = library.publish([flow('card', version), flow('night', 'n1')]);
  t.same(library.releases, [1, 2, 3, 4]);
  const kept = library.forgetUnused([at('card', 'a2', 2), { flow: null, release: 3 }]);
  t.same(kept.releases, [2, 3, 4]);
  t.same(
    kept
      .versions()
      .map((each) => each.version)
      .sort(),
    ['a2', 'a3', 'a4', 'n1'],
  );
  const byStack = library.forgetUnused([at('night', 'n1', 4, [{ flowId: id('card'), version: 'a1', node: 'bye' }])]);
  t.same(
    byStack
      .versions()
      .map((each) => each.version)
      .sort(),
    ['a1', 'a4', 'n1'],
    'a flow to return to is needed',
  );
  const none = library.forgetUnused([]);
  t.same(none.releases, [4]);
  t.same(
    none
      .versions()
      .map((each) => each.version)
      .sort(),
    ['a4', 'n1'],
  );
  t.equal(none.forgetUnused([]), none, 'nothing left to forget');
});

t.test('after a restart old versions and releases are taken in again', async (t) => {
  const library = FlowLibrary.of([flow('card', 'a3')], 12).remember(
    [flow('card', 'a1')],
    [
      [3, new Map([[id('card'), 'a1']])],
      [12, new Map([[id('card'), 'never']])],
    ],
  );
  const calls = library.forCalls();
  t.equal(calls.release, 12);
  t.equal(calls.flow(id('card'), null)?.version, 'a3', 'what is live stays');
  t.equal(calls.flow(id('card'), 'a1')?.version, 'a1');
  t.equal(calls.flowInRelease(id('card'), 3)?.version, 'a1');
  t.equal(calls.flowInRelease(id('card'), 12)?.version, 'a3', 'the present release is what it is now');
});
