import type { Finding } from '../flow/finding.js';
import type {
  DrawnEdge,
  DrawnNode,
  EmergencyAnnouncementView,
  FlowCheckView,
  FlowDetail,
  FlowDiffView,
  FlowDrawing,
  FlowVersionView,
  FlowView,
  FlowWalkView,
  RefusedFileView,
} from '../flow/views.js';
import type { FlowDayView } from '../service-level/views.js';
import type { Schema } from './schemas.js';

/** The shapes of flows for OpenAPI, as schemas.ts has those of calls. */

const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer', minimum: 0 };
const flag: Schema = { type: 'boolean' };
const number: Schema = { type: 'number' };
const moment: Schema = { type: 'integer', description: 'milliseconds since 1970, UTC' };
const byLanguage: Schema = { type: 'object', additionalProperties: text };
const version: Schema = { ...text, description: 'first 12 hex digits of the SHA-256 of the text' };

const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'] });
const oneOf = (...values: string[]): Schema => ({ type: 'string', enum: values });
const list = (items: Schema): Schema => ({ type: 'array', items });

/** Every field of T and no other, all required: the compiler finds the field that was forgotten. */
function object<T>(properties: Record<keyof T & string, Schema>): Schema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

const finding = object<Required<Finding>>({
  file: text,
  line: { type: 'integer', minimum: 1 },
  column: { type: 'integer', minimum: 1 },
  level: oneOf('error', 'warn'),
  rule: { ...text, description: 'stable, for programs' },
  message: { ...text, description: 'in English' },
  messageZh: { ...text, description: 'the same in Chinese' },
});
export const findingView: Schema = {
  ...finding,
  required: ['file', 'line', 'column', 'level', 'rule', 'message'] satisfies Array<keyof Finding>,
};

const point = object<{ x: number; y: number }>({ x: number, y: number });
const drawing = object<FlowDrawing>({
  flowId: text,
  version,
  width: number,
  height: number,
  nodes: list(
    object<DrawnNode>({
      id: text,
      kind: text,
      label: text,
      line: orNull({ type: 'integer', minimum: 1 }),
      isStart: flag,
      isEnd: flag,
      x: number,
      y: number,
      width: number,
      height: number,
    }),
  ),
  edges: list(
    object<DrawnEdge>({ from: text, to: text, label: text, points: list(point), labelAt: orNull(point), isStub: flag }),
  ),
});

const flowFields: Record<keyof FlowView, Schema> = {
  flowId: text,
  title: byLanguage,
  version,
  publishedAtMs: orNull(moment),
  publishedBy: orNull(text),
  numbers: { ...list(text), description: 'dialled numbers that lead there' },
  warnings: count,
  refused: {
    ...orNull(object<NonNullable<FlowView['refused']>>({ atMs: moment, by: text, findings: list(findingView) })),
    description: 'a changed file that was refused and waits for a mend',
  },
};
export const flowView = object<FlowView>(flowFields);

export const flowDetail = object<FlowDetail>({
  ...flowFields,
  text,
  findings: list(findingView),
  drawing,
  readOnly: { ...orNull(text), description: 'why no new version can be saved here; null: it can' },
});

export const refusedFileView = object<RefusedFileView>({
  file: text,
  flowId: orNull(text),
  atMs: moment,
  findings: list(findingView),
});

export const flowVersionView = object<FlowVersionView>({
  version,
  atMs: moment,
  by: text,
  source: oneOf('start', 'file', 'page', 'rollback'),
  note: text,
  live: flag,
  callsNow: { ...count, description: 'calls in progress that are in this version' },
});

export const flowCheckView = object<FlowCheckView>({ ok: flag, version, findings: list(findingView), drawing: orNull(drawing) });

export const flowDiffView = object<FlowDiffView>({
  a: version,
  b: version,
  nodes: list(
    object<FlowDiffView['nodes'][number]>({ node: text, change: oneOf('added', 'removed', 'changed'), what: list(text) }),
  ),
  prompts: list(
    object<FlowDiffView['prompts'][number]>({ prompt: text, language: text, before: orNull(text), after: orNull(text) }),
  ),
  other: list(text),
  lines: list(object<FlowDiffView['lines'][number]>({ sign: oneOf(' ', '-', '+'), text })),
});

export const flowWalkView = object<FlowWalkView>({
  callId: text,
  steps: list(
    object<FlowWalkView['steps'][number]>({ atMs: moment, flowId: text, version: text, node: text, how: orNull(text) }),
  ),
  outcome: orNull(text),
  endedAtMs: orNull(moment),
});

export const flowDayView = object<FlowDayView>({
  flowId: text,
  day: { ...text, description: "day of the site's zone" },
  seq: count,
  entered: { ...count, description: 'contained + gaveUp + toQueue + other + now' },
  contained: count,
  gaveUp: count,
  toQueue: count,
  other: count,
  now: count,
  containment: object<FlowDayView['containment']>({ numerator: count, denominator: count, share: orNull(number) }),
  nodes: list(object<FlowDayView['nodes'][number]>({ node: text, entered: count, now: count, gaveUp: count, sumStayMs: count })),
  edges: list(object<FlowDayView['edges'][number]>({ from: text, to: text, count })),
  paths: list(object<FlowDayView['paths'][number]>({ nodes: list(text), count, outcome: text })),
  otherPaths: count,
});

export const emergencyView = object<EmergencyAnnouncementView>({
  announcement: text,
  title: byLanguage,
  text: byLanguage,
  // biome-ignore lint/suspicious/noThenProperty: a word of the answer; nobody awaits a shape
  then: oneOf('continue', 'closed', 'hangUp'),
  on: flag,
  numbers: { ...orNull(list(text)), description: 'null: all numbers' },
  sinceMs: orNull(moment),
  by: orNull(text),
});

/** Answers of flows carry no seq of their own, unless figures are in them. */
export const shown = (description: string, properties: Record<string, Schema>): Schema => ({
  description,
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

export const seqField: Schema = { ...count, description: 'number of the last fact in these figures' };
