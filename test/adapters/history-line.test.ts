import t from 'tap';
import { QuestionLine } from '../../src/adapters/history/question-line.js';
import { HistoryBusy } from '../../src/ports/history.js';

interface Held {
  readonly question: () => Promise<string>;
  begun: boolean;
  end(): void;
  fail(): void;
}

function held(name: string): Held {
  let resolve: (value: string) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const answer = new Promise<string>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  const self: Held = {
    begun: false,
    question: () => {
      self.begun = true;
      return answer;
    },
    end: () => resolve(name),
    fail: () => reject(new Error(name)),
  };
  return self;
}

t.test('one after the other in order; more than may wait are refused at once', async (t) => {
  const line = new QuestionLine(1, 2);
  const [a, b, c, d] = [held('a'), held('b'), held('c'), held('d')];
  const first = line.ask(a.question);
  const second = line.ask(b.question);
  const third = line.ask(c.question);
  t.same([a.begun, b.begun, c.begun], [true, false, false]);
  t.ok((await line.ask(d.question).catch((error) => error)) instanceof HistoryBusy);
  t.equal(d.begun, false, 'not begun');
  a.fail();
  await t.rejects(first, /a/);
  t.same([b.begun, c.begun], [true, false], 'a question that fails gives its turn on too');
  b.end();
  t.equal(await second, 'b');
  c.end();
  t.equal(await third, 'c');
  d.end();
  t.equal(await line.ask(d.question), 'd', 'an empty line is entered at once');
});

t.test('who has gone is not asked for, and leaves the place to another', async (t) => {
  const line = new QuestionLine(1, 1);
  const [a, b, c] = [held('a'), held('b'), held('c')];
  const gone = new AbortController();
  const first = line.ask(a.question, gone.signal);
  const second = line.ask(b.question, gone.signal);
  const leaving = t.rejects(second, /no more/);
  gone.abort(new Error('no more'));
  await leaving;
  const third = line.ask(c.question);
  a.end();
  t.equal(await first, 'a', 'what is under way is answered');
  c.end();
  t.equal(await third, 'c');
  t.equal(b.begun, false);
  await t.rejects(line.ask(b.question, gone.signal), /no more/);
  t.equal(b.begun, false);
});

t.test('two at once where two may', async (t) => {
  const line = new QuestionLine(2, 1);
  const all = [held('a'), held('b'), held('c')];
  const answers = all.map(({ question }) => line.ask(question));
  t.same(
    all.map(({ begun }) => begun),
    [true, true, false],
  );
  for (const each of all) each.end();
  t.same(await Promise.all(answers), ['a', 'b', 'c']);
});
