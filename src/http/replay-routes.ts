import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { applyDelta, diffBoards } from '../service-level/live-frames.js';
import { REPLAY_AT_MOST_MS, type ReplayFrame, replayStepMs } from '../service-level/replay-frames.js';
import type { Board } from '../service-level/views.js';
import type { HttpDeps, ReplayReading } from './deps.js';
import { ApiError } from './errors.js';
import { queryCompiler, queryOf, querySchema, rangeOf, siteTime } from './report-query.js';
import { readRefusals, refusals } from './schemas.js';
import type { Sight } from './sight.js';

/** What one answer may hold, before it is compressed. */
const BYTES_AT_MOST = 64 * 1024 * 1024;

/** A stretch of the past, as the wallboard would have shown it. One at a time: it is folded anew from the facts, beside the calls of now. */
export function replayRoutes(app: FastifyInstance, deps: HttpDeps, replay: ReplayReading): void {
  const site = siteTime(deps.site.timeZone, () => deps.nowMs());
  let isBusy = false;
  app.get(
    '/api/v1/replay',
    {
      config: { access: 'read' },
      validatorCompiler: queryCompiler,
      schema: {
        tags: ['board'],
        summary: 'Boards of the past, at most two hours: a line of JSON each, the first whole, then what changed',
        querystring: querySchema('from', 'to'),
        response: {
          200: {
            description: 'lines: begin, delta ..., end',
            content: { 'application/x-ndjson': { schema: { type: 'string' } } },
          },
          ...refusals([400, 'bad-request, range-too-long'], [409, 'not-yet'], [429, 'replay-busy'], [503, 'unavailable-facts']),
          ...readRefusals,
        },
      },
    },
    async (request, reply) => {
      const { fromMs, toMs: asked } = rangeOf(queryOf(request), site);
      const nowMs = deps.nowMs();
      if (fromMs >= nowMs) throw new ApiError(409, 'not-yet', 'That has not been yet.');
      const toMs = Math.min(asked, nowMs);
      if (toMs - fromMs > REPLAY_AT_MOST_MS)
        throw new ApiError(400, 'range-too-long', 'At most two hours can be replayed at once.');
      if (isBusy) throw new ApiError(429, 'replay-busy', 'Somebody is replaying already; one at a time.');
      isBusy = true;
      const stop = new AbortController();
      const release = (): void => {
        isBusy = false;
        stop.abort();
      };
      reply.raw.once('close', release);
      const whole = replay.frames({ fromMs, toMs }, replayStepMs(toMs - fromMs), stop.signal);
      const frames = request.sight.isWhole ? whole : seenFrames(whole, request.sight);
      let first: IteratorResult<ReplayFrame, void>;
      try {
        // Before the first byte, so that a store that is away is told by the status.
        first = await frames.next();
      } catch (error) {
        release();
        if (stop.signal.aborted && reply.raw.destroyed) return reply;
        deps.onFault?.(error as Error, 'replay');
        throw new ApiError(503, 'unavailable-facts', 'The facts of that time cannot be read at the moment.');
      }
      reply.type('application/x-ndjson; charset=utf-8');
      const text = Readable.from(lines(first, frames), { objectMode: false });
      if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(text);
      const packed = createGzip({ level: 4 });
      text.once('error', (error) => packed.destroy(error));
      packed.once('close', () => text.destroy());
      return reply.header('content-encoding', 'gzip').send(text.pipe(packed));
    },
  );
}

/** The same boards as who asks may see them. */
async function* seenFrames(frames: AsyncGenerator<ReplayFrame, void>, sight: Sight): AsyncGenerator<ReplayFrame, void> {
  let whole: Board | null = null;
  let shown: Board | null = null;
  for await (const frame of frames) {
    if (frame.type === 'begin') {
      whole = frame.board;
      shown = sight.board(whole);
      yield { ...frame, board: shown };
    } else if (frame.type === 'end' || whole === null || shown === null) yield frame;
    else {
      whole = applyDelta(whole, frame);
      const next = sight.board(whole);
      const delta = diffBoards(shown, next);
      shown = next;
      if (delta !== null) yield { type: 'delta', ...delta };
    }
  }
}

async function* lines(
  first: IteratorResult<ReplayFrame, void>,
  frames: AsyncGenerator<ReplayFrame, void>,
): AsyncGenerator<string> {
  let bytes = 0;
  for (let next = first; next.done !== true; next = await frames.next()) {
    const line = `${JSON.stringify(next.value)}\n`;
    bytes += line.length;
    if (bytes > BYTES_AT_MOST && next.value.type === 'delta') {
      yield `${JSON.stringify({ type: 'end', atMs: next.value.atMs, isCut: true } satisfies ReplayFrame)}\n`;
      await frames.return();
      return;
    }
    yield line;
  }
}
