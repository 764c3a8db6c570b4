import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** What a person types, line by line; `isSecret` is asked with every key, and hides it on the screen. */
export type LineSource = (isSecret: () => boolean) => AsyncIterable<string> & { close(): void };

/** Digits on the way to the screen, but not those of the terminal's own commands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are moved by escape characters
const DIGITS = /(\u001b\[[0-9;?]*[A-Za-z])|[0-9]/g;

/** Lines of the terminal, or of a pipe. Secret digits appear as • while they are typed, and are not kept for the arrow keys. */
export const terminalLines: LineSource = (isSecret) => {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const screen = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const text = chunk.toString('utf8');
      const shown = isSecret() ? text.replace(DIGITS, (_match, command: string | undefined) => command ?? '•') : text;
      process.stdout.write(shown, done);
    },
  });
  const lines = createInterface({
    input: process.stdin,
    terminal: isTerminal,
    historySize: 0,
    ...(isTerminal && { output: screen, prompt: '> ' }),
  });
  const iterate = async function* (): AsyncGenerator<string> {
    if (isTerminal) lines.prompt();
    for await (const line of lines) {
      yield line;
      if (isTerminal) lines.prompt();
    }
  };
  return Object.assign(iterate(), { close: () => lines.close() });
};
