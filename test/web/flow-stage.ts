import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { FlowId } from '../../src/base/ids.js';
import { differenceOf } from '../../src/flow/difference.js';
import { drawFlow } from '../../src/flow/drawing/draw-flow.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { EmergencyAnnouncementView, FlowDetail, FlowVersionView, FlowView, FlowWalkView } from '../../src/flow/views.js';
import { ApiError, notFound } from '../../src/http/errors.js';
import type { FlowDayView } from '../../src/service-level/views.js';

/** A desk of flows over a folder of its own: real parser, drawing and comparison; figures, walks and announcements as a test writes them. */

const shipped = fileURLToPath(new URL('../../ivr-flows', import.meta.url));
const flowIds = ['credit-card', 'transport-card'] as const;
const numbersOf: Record<string, string[]> = { 'credit-card': ['95588'], 'transport-card': ['95589'] };
const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

export class FlowStage {
  readonly folder = mkdtempSync(join(tmpdir(), 'hotline-flows-'));
  readonly log = new Map<string, FlowVersionView[]>();
  readonly texts = new Map<string, string>();
  readonly days = new Map<string, FlowDayView>();
  readonly walks = new Map<string, FlowWalkView>();
  readonly refused = new Map<string, NonNullable<FlowView['refused']>>();
  announcements: EmergencyAnnouncementView[] = [];
  readOnly: string | null = null;
  titles: Record<string, Record<string, string>> = {};

  constructor() {
    for (const id of flowIds) this.publish(id, readFileSync(join(shipped, `${id}.yaml`), 'utf8'), 'start', '', 'start');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  file(flowId: string): string {
    return join(this.folder, `${flowId}.yaml`);
  }

  live(flowId: string): FlowVersionView {
    const found = this.log.get(flowId)?.find((one) => one.live);
    if (found === undefined) throw notFound('no-such-flow', 'There is no such flow.');
    return found;
  }

  publish(flowId: string, text: string, by: string, note: string, source: FlowVersionView['source']): void {
    writeFileSync(this.file(flowId), text);
    const version = versionOf(text);
    this.texts.set(version, text);
    const before = (this.log.get(flowId) ?? []).map((one) => ({ ...one, live: false }));
    this.log.set(flowId, [{ version, atMs: Date.now(), by, source, note, live: true, callsNow: 0 }, ...before]);
  }

  check(text: string) {
    const version = versionOf(text);
    const parsed = parseFlow(text, { file: 'flow.yaml', known: { flows: flowIds }, version });
    if (!parsed.ok) return { ok: false, version, findings: parsed.error, drawing: null, flow: null };
    const drawing = drawFlow(parsed.value, { language: 'zh' });
    return { ok: true, version, findings: parsed.value.warnings, drawing, flow: parsed.value };
  }

  view(flowId: string): FlowView {
    const live = this.live(flowId);
    const { flow } = this.check(this.texts.get(live.version) as string);
    return {
      flowId: flowId as FlowId,
      title: this.titles[flowId] ?? flow?.title ?? {},
      version: live.version,
      publishedAtMs: live.atMs,
      publishedBy: live.by,
      numbers: numbersOf[flowId] ?? [],
      warnings: flow?.warnings.length ?? 0,
      refused: this.refused.get(flowId) ?? null,
    };
  }

  detail(flowId: string, version: string | null): FlowDetail {
    const text = this.texts.get(version ?? this.live(flowId).version);
    if (text === undefined) throw notFound('no-such-version', 'There is no such version.');
    const { version: own, findings, drawing } = this.check(text);
    if (drawing === null) throw new Error('a version that was live can be drawn');
    return { ...this.view(flowId), version: own, text, findings, drawing, readOnly: this.readOnly };
  }

  difference(a: string, b: string) {
    const side = (version: string) => {
      const text = this.texts.get(version) ?? '';
      const { flow } = this.check(text);
      if (flow === null) throw notFound('no-such-version', 'There is no such version.');
      return { text, flow };
    };
    return differenceOf(side(a), side(b));
  }

  routes(app: FastifyInstance): void {
    const read = { config: { access: 'read' as const } };
    const administer = { config: { access: 'administer' as const }, bodyLimit: 512 * 1024 };
    const id = (request: { params: unknown }) => (request.params as { id: string }).id;
    app.get('/api/v1/flows', read, () => ({ seq: 1, flows: flowIds.map((flowId) => this.view(flowId)) }));
    app.get('/api/v1/flows/:id', read, (request) =>
      this.detail(id(request), (request.query as { version?: string }).version ?? null),
    );
    app.get('/api/v1/flows/:id/versions', read, (request) => ({ versions: this.log.get(id(request)) ?? [] }));
    app.get('/api/v1/flows/:id/diff', read, (request) => {
      const { a, b } = request.query as { a: string; b: string };
      return this.difference(a, b);
    });
    app.get('/api/v1/flows/:id/days/:day', read, (request) => {
      const { day } = request.params as { day: string };
      const found = this.days.get(`${id(request)} ${day}`);
      if (found === undefined) throw notFound('no-such-day', 'Nothing is known of this day.');
      return found;
    });
    app.get('/api/v1/calls/:id/walk', read, (request) => {
      const walk = this.walks.get(id(request));
      if (walk === undefined) throw notFound('no-such-call', 'There is no such call.');
      return walk;
    });
    app.post('/api/v1/flows/check', { ...read, bodyLimit: 512 * 1024 }, (request) => {
      const { flow: _, ...view } = this.check((request.body as { text: string }).text);
      return view;
    });
    app.post('/api/v1/flows/:id/versions', administer, (request, reply) => {
      const { text, note, basedOn } = request.body as { text: string; note: string; basedOn: string };
      if (basedOn !== this.live(id(request)).version) throw new ApiError(409, 'outdated', 'Another version went live.');
      const { ok, findings } = this.check(text);
      if (!ok) return reply.code(422).send({ id: 'flow-refused', message: 'The flow has errors.', findings });
      this.publish(id(request), text, request.principal?.name ?? '', note, 'page');
      return this.detail(id(request), null);
    });
    app.post('/api/v1/flows/:id/rollback', administer, (request) => {
      const { version, note } = request.body as { version: string; note: string };
      this.publish(id(request), this.texts.get(version) ?? '', request.principal?.name ?? '', note, 'rollback');
      return this.detail(id(request), null);
    });
    app.get('/api/v1/emergency', read, () => ({ announcements: this.announcements }));
    app.put('/api/v1/emergency/:announcement', { config: { access: 'supervise' } }, (request) => {
      const { announcement } = request.params as { announcement: string };
      const { on, numbers } = request.body as { on: boolean; numbers: string[] | null };
      const by = request.principal?.name ?? '';
      this.announcements = this.announcements.map((one) =>
        one.announcement === announcement ? { ...one, on, numbers, sinceMs: on ? Date.now() : null, by: on ? by : null } : one,
      );
      return this.announcements.find((one) => one.announcement === announcement);
    });
  }
}

/** A day in a flow as a busy hotline has it; `extra` raises what is at the main menu now. */
export function aDay(flowId: string, extra = 0): FlowDayView {
  const node = (name: string, entered: number, now: number, gaveUp: number, staySeconds: number) => ({
    node: name,
    entered,
    now,
    gaveUp,
    sumStayMs: entered * staySeconds * 1_000,
  });
  return {
    flowId: flowId as FlowId,
    day: '2026-11-22',
    seq: 7,
    entered: 1_284 + extra,
    contained: 402,
    gaveUp: 96,
    toQueue: 751,
    other: 9,
    now: 26 + extra,
    containment: { numerator: 402, denominator: 1_258, share: 402 / 1_258 },
    nodes: [
      node('open-hours', 1_284, 0, 0, 0),
      node('welcome', 1_190, 2, 11, 4),
      node('language', 1_177, 3, 14, 3),
      node('identify', 1_160, 0, 0, 0),
      node('vip-or-main', 1_160, 0, 0, 0),
      node('welcome-vip', 88, 1, 1, 5),
      node('main', 1_069, 11 + extra, 43, 12),
      node('balance', 322, 4, 21, 9),
      node('say-agent', 561, 2, 3, 2),
      node('agent', 556, 0, 0, 0),
      node('lost-card', 57, 0, 0, 0),
      node('goodbye', 402, 3, 0, 2),
    ],
    edges: [
      { from: 'open-hours', to: 'welcome', count: 1_190 },
      { from: 'open-hours', to: 'closed', count: 94 },
      { from: 'welcome', to: 'language', count: 1_177 },
      { from: 'identify', to: 'vip-or-main', count: 1_160 },
      { from: 'vip-or-main', to: 'main', count: 1_069 },
      { from: 'vip-or-main', to: 'welcome-vip', count: 88 },
      { from: 'main', to: 'balance', count: 322 },
      { from: 'main', to: 'say-agent', count: 561 },
      { from: 'say-agent', to: 'agent', count: 556 },
    ],
    paths: [
      {
        nodes: ['open-hours', 'welcome', 'language', 'identify', 'vip-or-main', 'main', 'say-agent', 'agent'],
        count: 512,
        outcome: 'toQueue',
      },
      {
        nodes: ['open-hours', 'welcome', 'language', 'identify', 'vip-or-main', 'main', 'balance'],
        count: 301,
        outcome: 'contained',
      },
      { nodes: ['open-hours', 'closed', 'goodbye'], count: 94, outcome: 'contained' },
      { nodes: ['open-hours', 'welcome', 'language', 'identify', 'vip-or-main', 'main'], count: 43, outcome: 'gaveUp' },
    ],
    otherPaths: 12,
  };
}
