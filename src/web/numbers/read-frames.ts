import type { ReplayFrame } from '../../service-level/replay-frames.js';
import type { Refused } from '../api.js';

/** Reads lines of JSON as they come and hands them on in runs. Null when the whole came; else why not. Ends quietly when `stop` says so. */
export async function readFrames(
  path: string,
  hear: (frames: readonly ReplayFrame[]) => void,
  stop: AbortSignal,
): Promise<Refused | null> {
  try {
    const answer = await fetch(path, { cache: 'no-store', signal: stop, headers: { 'x-hotline-page': '1' } });
    if (!answer.ok || answer.body === null) {
      const body = (await answer.json()) as Record<string, unknown>;
      return { status: answer.status, id: String(body.id), message: String(body.message), body };
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const lines = (rest + piece.value).split('\n');
      rest = lines.pop() ?? '';
      if (lines.length > 0) hear(lines.map((line) => JSON.parse(line) as ReplayFrame));
    }
    return null;
  } catch (error) {
    return { status: 0, id: 'no-answer', message: (error as Error).message, body: {} };
  }
}
