import { connect } from 'node:net';

export interface HeardCommands {
  /** Arguments of each command, those of scripts too, joined by spaces. */
  readonly commands: readonly string[];
  stop(): void;
}

/**
 * Every command that a Redis is given from now on, by MONITOR. With a socket of our own: on a busy Redis the first commands come in one piece with the
 * answer to MONITOR, and ioredis takes them for answers that nobody asked for.
 */
export async function hearCommands(url: string): Promise<HeardCommands> {
  const { protocol, hostname, port, password, pathname } = new URL(url);
  const socket = protocol === 'unix:' ? connect(pathname) : connect(Number(port || 6379), hostname);
  socket.setEncoding('utf8');
  const commands: string[] = [];
  let rest = '';
  await new Promise<void>((resolve, reject) => {
    let answersLeft = password === '' ? 1 : 2;
    socket.once('error', reject);
    socket.on('data', (piece: string) => {
      const lines = (rest + piece).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (answersLeft === 0) commands.push(argumentsOf(line));
        else if (line !== '+OK') reject(new Error(`Redis said ${line}`));
        else if (--answersLeft === 0) resolve();
      }
    });
    if (password !== '') socket.write(`AUTH ${decodeURIComponent(password)}\r\n`);
    socket.write('MONITOR\r\n');
  });
  return { commands, stop: () => socket.destroy() };
}

/** `+1700000000.1 [0 lua] "GET" "a \"b\""` -> `GET a "b"`. */
const argumentsOf = (line: string): string =>
  Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, text = '']) => text.replace(/\\(["\\])/g, '$1')).join(' ');
