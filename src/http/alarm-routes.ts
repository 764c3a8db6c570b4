import type { FastifyInstance } from 'fastify';
import type { QueueId } from '../base/ids.js';
import type { AlarmDesk } from './alarm-desk.js';
import type { HttpDeps } from './deps.js';
import { fromRefusal } from './errors.js';
import { alarmRuleView, alarmView, answer, readRefusals, refusals, rows } from './schemas.js';

const NAME = '^[a-z][a-z0-9-]{0,47}$';
const ruleParams = { type: 'object', properties: { rule: { type: 'string', pattern: NAME } }, required: ['rule'] };
const alarmParams = {
  type: 'object',
  properties: {
    id: {
      type: 'string',
      pattern: '^[a-z][a-z0-9-]{0,47}/[a-z][a-z0-9-]{0,47}/[0-9]{1,16}$',
      description: 'alarmId as it stands on the board, its slashes as %2F',
    },
  },
  required: ['id'],
};
const changeRefusals = refusals(
  [400, 'bad-request, bad-moment'],
  [401, 'unauthorized'],
  [403, 'forbidden, foreign-origin, foreign-page'],
  [404, 'no-such-alarm, no-such-rule, no-such-queue'],
  [409, 'already-acknowledged'],
  [413, 'body-too-large'],
  [415, 'unsupported-media-type'],
  [421, 'wrong-host'],
  [503, 'standing-by, or it cannot be committed now'],
);

/** Alarms: which are up and were, by which rules; who has seen one; what is muted until when. */
export function alarmRoutes(app: FastifyInstance, deps: HttpDeps, alarms: AlarmDesk): void {
  const stamp = () => ({ seq: deps.ledger.seq, atMs: deps.nowMs() });
  app.get(
    '/api/v1/alarms',
    {
      config: { access: 'read' },
      schema: {
        tags: ['alarms'],
        summary: 'Alarms that are up (critical ones first, then the oldest), then the last 200 that are over, newest first',
        response: { 200: answer('alarms', { alarms: rows(alarmView) }), ...readRefusals },
      },
    },
    ({ sight }) => ({ ...stamp(), alarms: [...alarms.up(), ...alarms.ended()].filter(({ queueId }) => sight.queue(queueId)) }),
  );
  app.get(
    '/api/v1/alarms/rules',
    {
      config: { access: 'read' },
      schema: {
        tags: ['alarms'],
        summary: 'The rules as they are configured, and what of them is muted now',
        response: { 200: answer('rules', { rules: rows(alarmRuleView) }), ...readRefusals },
      },
    },
    () => ({ ...stamp(), rules: alarms.rules() }),
  );
  app.post(
    '/api/v1/alarms/:id/acknowledge',
    {
      config: { access: 'supervise' },
      schema: {
        tags: ['alarms'],
        summary: 'Say that one has seen it; the first who says so has it',
        security: [{ bearer: [] }],
        params: alarmParams,
        body: {
          type: ['object', 'null'],
          properties: { note: { type: 'string', maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f]*$', default: '' } },
          additionalProperties: false,
        },
        response: { 200: answer('the alarm afterwards', { alarm: alarmView }), ...changeRefusals },
      },
    },
    async (request) => {
      const { id } = request.params as { id: string };
      const { note = '' } = (request.body ?? {}) as { note?: string };
      request.auditDetail = { note };
      const done = await alarms.acknowledge({ alarmId: id, note, by: request.principal?.name ?? 'unknown' });
      if (!done.ok) throw fromRefusal(done.error);
      return { ...stamp(), alarm: done.value };
    },
  );
  app.put(
    '/api/v1/alarms/rules/:rule/mute',
    {
      config: { access: 'supervise' },
      schema: {
        tags: ['alarms'],
        summary: 'Nothing sounds and nothing is sent until then; it is still shown',
        security: [{ bearer: [] }],
        params: ruleParams,
        body: {
          type: 'object',
          properties: {
            queueId: { type: ['string', 'null'], pattern: NAME, description: 'null: all queues of the rule' },
            untilMs: { type: ['integer', 'null'], description: 'milliseconds since 1970, within 31 days; null: heard again' },
          },
          required: ['queueId', 'untilMs'],
          additionalProperties: false,
        },
        response: { 200: answer('the rule afterwards', { rule: alarmRuleView }), ...changeRefusals },
      },
    },
    async (request) => {
      const { rule } = request.params as { rule: string };
      const { queueId, untilMs } = request.body as { queueId: QueueId | null; untilMs: number | null };
      request.auditDetail = { queueId, untilMs };
      const done = await alarms.mute({ rule, queueId, untilMs, by: request.principal?.name ?? 'unknown' });
      if (!done.ok) throw fromRefusal(done.error);
      return { ...stamp(), rule: done.value };
    },
  );
}
