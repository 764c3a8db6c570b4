import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RecordingId } from '../base/ids.js';
import type { HttpDeps, RecordingFile } from './deps.js';
import { ApiError, notFound } from './errors.js';
import { idOf, limitCompiler, limitSchema, seenOf } from './read-routes.js';
import { answer, idParams, readRefusals, recordingView, refusals, rows } from './schemas.js';

const read = { access: 'read' } as const;

/** The index of recordings, and their sound by id. A file name never crosses this border in either direction. */
export function recordingRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const stamp = () => ({ seq: deps.ledger.seq, atMs: deps.nowMs() });
  const find = (request: FastifyRequest) => {
    const id = idOf(request);
    const found = deps.ledger
      .recordings(Number.MAX_SAFE_INTEGER)
      .find((row) => row.recordingId === id && request.sight.call(row));
    if (found === undefined) throw notFound('no-such-recording', `There is no recording "${id}".`);
    return found;
  };
  app.get(
    '/api/v1/recordings',
    {
      config: read,
      validatorCompiler: limitCompiler,
      schema: {
        tags: ['recordings'],
        summary: 'The latest recordings',
        querystring: limitSchema,
        response: {
          200: answer('recordings, newest first', { recordings: rows(recordingView) }),
          ...refusals([400, 'bad-request']),
          ...readRefusals,
        },
      },
    },
    (request) => ({ ...stamp(), recordings: seenOf(request, (limit) => deps.ledger.recordings(limit), request.sight.call) }),
  );
  app.get(
    '/api/v1/recordings/:id',
    {
      config: read,
      schema: {
        tags: ['recordings'],
        summary: 'One recording',
        params: idParams,
        response: {
          200: answer('the recording', { recording: recordingView }),
          ...refusals([404, 'no-such-recording']),
          ...readRefusals,
        },
      },
    },
    (request) => ({ ...stamp(), recording: find(request) }),
  );
  app.get(
    '/api/v1/recordings/:id/audio',
    {
      config: { access: 'listen' },
      schema: {
        tags: ['recordings'],
        summary: 'The sound of a recording; knows ranges. Beyond this machine for supervisor and admin only',
        params: idParams,
        produces: ['audio/wav'],
        response: {
          ...refusals([403, 'forbidden'], [404, 'no-such-recording'], [409, 'recording-in-progress'], [416, 'bad-range']),
          ...readRefusals,
        },
      },
    },
    async (request, reply) => {
      const view = find(request);
      if (view.state === 'recording') throw new ApiError(409, 'recording-in-progress', 'The recording has not ended yet.');
      const file = await deps.recordingFile(view.recordingId as RecordingId, request.principal?.name ?? 'unknown');
      if (file === null) throw notFound('no-such-recording', 'The sound of this recording is not here.');
      return sendFile(reply, file, request.headers.range, view.recordingId);
    },
  );
}

async function sendFile(reply: FastifyReply, file: RecordingFile, rangeHeader: string | undefined, id: string) {
  const range = readRange(rangeHeader, file.bytes);
  reply.type(file.contentType).header('accept-ranges', 'bytes').header('content-disposition', `inline; filename="${id}.wav"`);
  if (range === 'unsatisfiable') {
    await file.close();
    reply.header('content-range', `bytes */${file.bytes}`);
    throw new ApiError(416, 'bad-range', 'The recording has no such part.');
  }
  if (file.bytes === 0) {
    await file.close();
    return reply.header('content-length', 0).send('');
  }
  if (range === null) return reply.header('content-length', file.bytes).send(file.read(0, file.bytes - 1));
  return reply
    .code(206)
    .header('content-range', `bytes ${range.start}-${range.end}/${file.bytes}`)
    .header('content-length', range.end - range.start + 1)
    .send(file.read(range.start, range.end));
}

/** RFC 9110 section 14: one range. Several, or another unit, are ignored and the whole is sent, as the standard allows. */
export function readRange(header: string | undefined, bytes: number): { start: number; end: number } | null | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const last = bytes - 1;
  if (match[1] === '') {
    const tail = Number(match[2]);
    return tail === 0 || bytes === 0 ? 'unsatisfiable' : { start: Math.max(0, bytes - tail), end: last };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? last : Math.min(Number(match[2]), last);
  if (match[2] !== '' && Number(match[2]) < start) return null;
  return start > last ? 'unsatisfiable' : { start, end };
}
