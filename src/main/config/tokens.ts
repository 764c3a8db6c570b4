import { z } from 'zod';
import { asId } from '../../base/ids.js';
import { err, ok, type Result } from '../../base/result.js';
import { readSource } from '../../flow/source.js';
import { type AccessToken, ROLES } from '../../http/deps.js';
import { type ConfigFinding, checkShape } from './shape-findings.js';
import { id } from './values.js';

const ONE_SECRET = /^[A-Za-z0-9._~-]{16,200}$/;

const tokensShape = z.strictObject({
  tokens: z
    .array(
      z.strictObject({
        name: id,
        role: z.enum(ROLES as [AccessToken['role']]),
        agent: id.optional().describe('the one agent that a token of role agent is for'),
        secret: z
          .string({ error: 'a secret is a text; put it in quotes' })
          .regex(ONE_SECRET, { error: 'a secret is 16 to 200 of the characters A-Z a-z 0-9 . _ ~ -' }),
      }),
    )
    .max(10_000),
});

/**
 * Reads a file of access tokens: YAML with a list `tokens`, or one secret and nothing else, which is the token `admin` of role admin.
 * No finding ever shows a secret.
 */
export function readTokens(text: string, file: string): Result<AccessToken[], ConfigFinding[]> {
  if (ONE_SECRET.test(text.trim())) return ok([{ name: 'admin', role: 'admin', agentId: null, secret: text.trim() }]);
  const source = readSource(text, file);
  // A message of the YAML reader may quote what it stumbled over.
  const unread = source.ok ? source.value.findings : source.error;
  if (!source.ok || unread.length > 0) {
    return err(
      unread.map((finding) => ({
        ...finding,
        message: 'this is not the YAML of a token file',
        messageZh: '这不是令牌文件的 YAML',
      })),
    );
  }
  const { value, findings } = checkShape(tokensShape, source.value, file);
  if (value === null)
    return err(findings.map((found) => (found.message.startsWith('secret') ? { ...found, message: SECRET_SHAPE } : found)));
  const all: ConfigFinding[] = [];
  const seen = { name: new Set<string>(), secret: new Set<string>() };
  for (const [index, token] of value.tokens.entries()) {
    const say = (key: string, rule: string, message: string): void => {
      all.push({ file, ...source.value.at(['tokens', index, key]), level: 'error', rule, message });
    };
    if (seen.name.has(token.name)) say('name', 'duplicate-name', 'this name stands here for the second time');
    if (seen.secret.has(token.secret)) say('secret', 'duplicate-secret', 'this secret stands here for the second time');
    if ((token.role === 'agent') !== (token.agent !== undefined))
      say('role', 'bad-agent', 'role agent, and no other, names its agent');
    seen.name.add(token.name);
    seen.secret.add(token.secret);
  }
  if (all.length > 0) return err(all);
  return ok(
    value.tokens.map(({ name, role, agent, secret }) => ({
      name,
      role,
      secret,
      agentId: agent === undefined ? null : asId(agent),
    })),
  );
}

const SECRET_SHAPE = 'secret: a text of 16 to 200 of the characters A-Z a-z 0-9 . _ ~ - is needed';
