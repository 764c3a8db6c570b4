import { z } from 'zod';
import { KIND_NAMES, kindOf } from './nodes/kinds.js';
import { sayParts, sayPartsSchema } from './nodes/say-parts.js';
import { flowShape } from './parse-flow.js';
import { NODE_NAME, namedValue, prompts, target, value } from './shapes.js';

/** JSON Schema (draft 2020-12) of a flow file, for completion and first findings in an editor. Made from the shapes that the checker uses. */
export function flowSchema(): Record<string, unknown> {
  const parts: Record<string, unknown> = {};
  const nodes = KIND_NAMES.map((name) => ({
    ...withPartsOutside(jsonSchema(kindOf(name).shape), name, parts),
    title: name,
    description: kindOf(name).about,
  }));
  const outside = jsonSchema(flowShape);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'hotline-acd IVR flow',
    ...outside,
    properties: {
      ...(outside.properties as object),
      nodes: { type: 'object', propertyNames: { pattern: NODE_NAME.source }, additionalProperties: { $ref: '#/$defs/node' } },
    },
    $defs: {
      ...parts,
      node: { anyOf: nodes },
      target: { anyOf: [{ type: 'string', description: "A node's name" }, { $ref: '#/$defs/node' }] },
      prompt: {
        anyOf: [
          { type: 'string', description: "A prompt's name" },
          {
            type: 'object',
            properties: { prompt: { type: 'string' }, in: { type: 'string', description: 'A language of this flow' } },
            required: ['prompt', 'in'],
            additionalProperties: false,
          },
        ],
      },
      value: { anyOf: [...PLAIN, expression] },
      namedValue: {
        anyOf: [
          { type: 'string', description: 'The name of a variable' },
          { type: ['number', 'boolean', 'null'] },
          expression,
          only('text', 'A text as it stands'),
        ],
      },
      sayParts: sayPartsSchema,
      prompts: {
        anyOf: [{ $ref: '#/$defs/prompt' }, { type: 'array', minItems: 1, maxItems: 20, items: { $ref: '#/$defs/prompt' } }],
      },
    },
  };
}

const only = (field: string, description: string): Record<string, unknown> => ({
  type: 'object',
  properties: { [field]: { type: 'string', description } },
  required: [field],
  additionalProperties: false,
});
const expression = only('value', 'An expression: vars.due * 2');
const PLAIN = [{ type: ['string', 'number', 'boolean', 'null'], description: 'A value as it stands' }];
/** Shapes that the library cannot describe; `$defs` above does. */
const OWN_SHAPES = new Map<unknown, string>([
  [target, 'target'],
  [prompts, 'prompts'],
  [value, 'value'],
  [namedValue, 'namedValue'],
  [sayParts, 'sayParts'],
]);

/** A shape that holds itself is described beside it; references are seen from the top of the whole schema, so that is where it must stand. */
function withPartsOutside(schema: Record<string, unknown>, name: string, parts: Record<string, unknown>): object {
  if (schema.$defs === undefined) return schema;
  const text = JSON.stringify(schema).replaceAll('"#/$defs/__', `"#/$defs/${name}__`);
  const { $defs, ...rest } = JSON.parse(text) as { $defs: Record<string, unknown> };
  for (const [part, described] of Object.entries($defs)) parts[`${name}${part}`] = described;
  return rest;
}

function jsonSchema(shape: z.ZodType): Record<string, unknown> {
  const made = z.toJSONSchema(shape, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: json }) => {
      const name = OWN_SHAPES.get(zodSchema);
      if (name === undefined) return;
      for (const key of Object.keys(json)) delete (json as Record<string, unknown>)[key];
      (json as Record<string, unknown>).$ref = `#/$defs/${name}`;
    },
  }) as Record<string, unknown>;
  delete made.$schema;
  return made;
}
