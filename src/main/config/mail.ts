import { resolve } from 'node:path';
import { z } from 'zod';
import { MINUTE, type Ms, SECOND } from '../../base/time.js';
import type { ConfigFinding } from './shape-findings.js';
import { count, duration, line, name, path } from './values.js';

/** What stands under `mail:` in hotline.yaml: by which server alarms are written to whom. The password stands in a file of its own. */

const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/;
const address = z
  .string({ error: 'an address is a text like ops@bank.example' })
  .regex(ADDRESS, { error: 'an address is written like ops@bank.example' });

export const mailShape = z
  .strictObject({
    host: z
      .string({ error: 'the name of the mail server' })
      .regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$/, { error: 'the name or the address of a mail server' }),
    port: count(1, 65_535).default(587),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('starttls (port 587), tls from the first byte (port 465), none'),
    insecure: z.boolean().default(false).describe('true allows "security: none" beyond this machine'),
    user: line.optional().describe('with passwordFile; left out where the server asks for no name'),
    passwordFile: path.optional().describe('file that holds the password and nothing else'),
    from: address,
    groups: z.record(name, z.array(address).min(1).max(50)).describe('group -> addresses; rules of alarms name groups'),
    timeout: duration(SECOND, MINUTE).default(15 * SECOND),
    attempts: count(1, 16).default(8).describe('the first after 1 s, then twice as long each time: 8 take about two minutes'),
  })
  .superRefine(({ host, security, insecure, user, passwordFile }, context) => {
    const say = (at: string, rule: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [at], message, params: { rule } });
    if (security === 'none' && !insecure && !/^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)) {
      say('security', 'not-encrypted', 'use starttls or tls, or say "insecure: true" if others may read what is written');
    }
    if ((user === undefined) !== (passwordFile === undefined)) {
      say(user === undefined ? 'passwordFile' : 'user', 'contradiction', 'user and passwordFile stand together or not at all');
    }
  })
  .describe('the server that alarms are mailed by; without it no rule may name a group');

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  readonly security: 'starttls' | 'tls' | 'none';
  /** `passwordFile` is absolute. Null: the server asks for no name. */
  readonly login: { readonly user: string; readonly passwordFile: string } | null;
  readonly from: string;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly timeoutMs: Ms;
  readonly attempts: number;
}

export function buildMail(raw: z.output<typeof mailShape> | undefined, base: string): MailSettings | null {
  if (raw === undefined) return null;
  const { host, port, security, user, passwordFile, from, groups, timeout, attempts } = raw;
  const login = user === undefined || passwordFile === undefined ? null : { user, passwordFile: resolve(base, passwordFile) };
  return { host, port, security, login, from, groups, timeoutMs: timeout, attempts };
}

/** A password that is named must be there. */
export function checkMailSecret(mail: MailSettings | null, readSecret: (path: string) => string | null): ConfigFinding[] {
  const file = mail?.login?.passwordFile;
  if (file === undefined || (readSecret(file) ?? '') !== '') return [];
  const message = `${file} is missing or empty`;
  return [{ file: 'mail.passwordFile', line: 0, column: 0, level: 'error', rule: 'no-secret', message }];
}
