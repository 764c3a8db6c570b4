import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from './phone/waiting.js';
import type { RunningSipp, SippResult } from './sipp.js';

/** By RFC 4733 in packets that SIPp makes itself, for which it opens a raw socket (root), or by SIP INFO beside a tone. */
export type KeysBy = 'rfc4733' | 'info';

export const mayOpenRawSockets = process.getuid?.() === 0;
const BETWEEN_KEYS_MS = 300;

/** A caller by SIPp who does what the test says when it says so, instead of after so many seconds: see the scenarios `caller-told-*`. */
export interface ToldCaller {
  /** Number calling. */
  readonly from: string;
  readonly done: Promise<SippResult>;
  /** Returns before the keys are sent. Wait for what comes of them before the next ones. */
  press(keys: string): Promise<void>;
  /** Recorded voice for some seconds; the scenarios with a tone speak all the time. */
  speak(): Promise<void>;
  describe(): string;
}

/** Resolves when so many calls have come to where they listen to us; before that they would take us for a mistake. */
export async function listens({ folder, done }: RunningSipp, calls = 1): Promise<void> {
  let isOver = false;
  void done.then(() => {
    isOver = true;
  });
  const said = join(folder, 'said.log');
  const count = (): number => (existsSync(said) ? readFileSync(said, 'utf8').split('listens').length - 1 : 0);
  await until(`${calls} callers of SIPp to be picked up`, () => isOver || count() >= calls, {
    withinMs: 20_000,
  });
}

/**
 * SIPp knows a request by its Call-ID alone, so it takes one of ours for one of the other side. It answers nothing to it: whether it was heard shows in
 * what the caller does.
 */
export function toldCaller(sipp: RunningSipp, from: string, by: KeysBy, call = 1): ToldCaller {
  let cseq = 0;
  const tell = (method: 'INFO' | 'MESSAGE', body: string): Promise<void> => {
    cseq += 1;
    const lines = [
      `${method} sip:${from}@127.0.0.1:${sipp.port} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-told-${cseq}`,
      'From: <sip:test@127.0.0.1>;tag=test',
      `To: <sip:${from}@127.0.0.1>;tag=told`,
      // As SIPp names the calls of a run.
      `Call-ID: ${call}-${sipp.pid}@127.0.0.1`,
      `CSeq: ${cseq} ${method}`,
      'Max-Forwards: 70',
      'Content-Type: text/plain',
      `Content-Length: ${body.length}`,
    ];
    return sendTo(sipp.port, `${lines.join('\r\n')}\r\n\r\n${body}`);
  };
  return {
    from,
    done: sipp.done,
    press: async (keys) => {
      if (by === 'rfc4733') return tell('INFO', `Keys=${keys}`);
      for (const [i, key] of [...keys].entries()) {
        // The scenario cannot listen to us before Asterisk has taken the key.
        if (i > 0) await pause(BETWEEN_KEYS_MS);
        await tell('INFO', `Keys=${key}`);
      }
    },
    speak: () => tell('MESSAGE', 'speak'),
    describe: () => `SIPp's caller ${from} (${JSON.stringify(sipp.counts())})`,
  };
}

function sendTo(port: number, text: string): Promise<void> {
  const socket = createSocket('udp4');
  return new Promise<void>((resolve, reject) => {
    socket.send(text, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
  }).finally(() => socket.close());
}
