import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { err, ok, type Result } from '../../base/result.js';

/** Where a new password comes from. Never from the command line, which every process of the machine can read. */
export interface PasswordSource {
  /** The password, or why there is none. */
  read(): Promise<Result<string, string>>;
}

/** Asks twice on a terminal, without an echo; else takes what comes by the standard input, without the end of its line. */
export const standardPassword = (): PasswordSource => ({
  read: async () => {
    if (process.stdin.isTTY) return twice((question) => hidden(question));
    return ok((await text(process.stdin)).replace(/\r?\n$/, ''));
  },
});

export async function twice(ask: (question: string) => Promise<string | null>): Promise<Result<string, string>> {
  const first = await ask('Password / 密码: ');
  if (first === null) return err('given up');
  const second = await ask('Again / 再输一次: ');
  if (second === null) return err('given up');
  return first === second ? ok(first) : err('the two are not the same');
}

/** Null: given up by Ctrl-C or Ctrl-D. */
function hidden(question: string): Promise<string | null> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  return new Promise((resolve) => {
    let given: string | null = null;
    lines.once('line', (line) => {
      given = line;
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      process.stderr.write('\n');
      resolve(given);
    });
  });
}
