import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from '../base/result.js';

/** A refusal on its way to the caller: a stable id, a sentence, and the status that HTTP has for it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly id: string,
    message: string,
    /** When to try again. */
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
  }
}

export const notFound = (id: string, message: string): ApiError => new ApiError(404, id, message);

/** The status of a refusal from inside: what is not there is 404, what was asked wrongly 400, what cannot be done now 409 or 503. */
export function fromRefusal(refusal: Refusal): ApiError {
  return new ApiError(statusOf(refusal.id), refusal.id, refusal.message);
}

function statusOf(id: string): number {
  if (id.startsWith('no-such-')) return 404;
  if (/^(bad|unknown|invalid)-/.test(id)) return 400;
  if (/^(unavailable|standing-by|not-writer|degraded|starting|stopping|timed-out|no-writer)/.test(id)) return 503;
  if (id === 'forbidden') return 403;
  return 409;
}

/** The one place where errors become answers. What we did not expect is logged in full and told as nothing but its id. */
export function installErrors(app: FastifyInstance, onFault?: (error: Error, route: string) => void): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = describeError(error);
    if (answer.status >= 500 && !(error instanceof ApiError)) {
      request.log.error({ err: error }, 'request failed');
      onFault?.(error, `${request.method} ${request.routeOptions.url ?? 'no route'}`);
    }
    sendError(reply, answer);
  });
  app.setNotFoundHandler((request, reply) => sendError(reply, notFoundFor(request)));
}

export function sendError(reply: FastifyReply, error: ApiError): void {
  if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="hotline"');
  if (error.retryAfterS !== null) reply.header('retry-after', error.retryAfterS);
  reply.code(error.status).type('application/json; charset=utf-8').send({ id: error.id, message: error.message });
}

function notFoundFor(request: FastifyRequest): ApiError {
  return notFound('not-found', `There is no ${request.method} here.`);
}

function describeError(error: FastifyError): ApiError {
  if (error instanceof ApiError) return error;
  if (error.validation) return new ApiError(400, 'bad-request', error.message);
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError(413, 'body-too-large', 'The body is too large.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError(415, 'unsupported-media-type', 'Send JSON (content-type: application/json).');
    default:
  }
  const status = error.statusCode ?? 500;
  if (status === 404) return notFound('not-found', 'There is nothing here.');
  if (status >= 400 && status < 500) return new ApiError(status, 'bad-request', 'The request could not be understood.');
  return new ApiError(500, 'internal-error', 'Something went wrong on our side; it was logged.');
}
