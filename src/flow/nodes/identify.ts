import { z } from 'zod';
import type { Customer } from '../contract.js';
import { said } from '../finding.js';
import type { ValueSource } from '../program.js';
import { namedValue, target } from '../shapes.js';
import type { Walk } from '../walk.js';
import type { NodeKind } from './kind.js';

export interface IdentifyNode {
  readonly kind: 'identify';
  /** The account that the caller has entered; null: by the number that calls. */
  readonly account: ValueSource | null;
  readonly next: string;
  readonly unknown: string;
}

/** Who is not in the directory. */
export const ORDINARY_TIER = 'ordinary';
/** The language of the customer, for `language: caller`. */
export const CALLER_SPEAKS = 'caller.speaks';

const shape = z.strictObject({
  identify: z.strictObject({
    by: z.enum(['ani', 'account']),
    account: namedValue.optional(),
    directory: z.enum(['customers']).optional(),
  }),
  next: target.optional(),
  unknown: target.optional(),
});

/** A number may raise a caller's tier, never their authority: anybody can pretend to call from it. */
export const identifyKind: NodeKind<'identify', z.output<typeof shape>> = {
  name: 'identify',
  about:
    'Looks the caller up in the customer directory, by the number calling or by the account that was entered; afterwards caller.tier, caller.known and caller.verified (by account only) are right. unknown: who is not there (next unless told).',
  shape,
  waits: false,
  compile(raw, build) {
    const { by, account } = raw.identify;
    if (by === 'account' && account === undefined)
      build.errorAtKey(
        'missing-field',
        ['identify'],
        said('by account needs account: the variable that holds it', 'by: account 还需要 account：存放账号的变量'),
      );
    if (by === 'ani' && account !== undefined)
      build.errorAtKey(
        'contradiction',
        ['identify', 'account'],
        said('by ani looks at the number calling; write by: account', 'by: ani 看的是主叫号码；请写 by: account'),
      );
    const next = build.target(['next'], raw.next, 'next');
    return {
      kind: 'identify',
      account: account === undefined ? null : build.named(['identify', 'account'], account, 'allowed'),
      next,
      unknown: raw.unknown === undefined ? next : build.target(['unknown'], raw.unknown, 'unknown'),
    };
  },
  isEnd: () => false,
  enter(node, walk) {
    const { account } = node;
    if (account === null) {
      const customer = walk.world.customerByNumber(walk.world.ani);
      note(walk, customer, 'ani');
      return customer === null ? node.unknown : node.next;
    }
    const entered = walk.valueOf(account);
    const again = entered === undefined && account.from === 'secret' ? walk.askAgainFor(account.name) : null;
    if (again !== null) return again;
    const customer = typeof entered === 'string' && entered !== '' ? (walk.world.customerByAccount?.(entered) ?? null) : null;
    note(walk, customer, 'account');
    return customer === null ? node.unknown : node.next;
  },
};

function note(walk: Walk, customer: Customer | null, by: 'ani' | 'account'): void {
  const tier = customer?.tier ?? ORDINARY_TIER;
  walk.setVariable('caller.tier', tier);
  walk.setVariable('caller.known', customer !== null);
  walk.setVariable('caller.verified', customer !== null && by === 'account');
  walk.setVariable(CALLER_SPEAKS, customer?.language ?? null);
  walk.fact({ kind: 'callerIdentified', customerId: customer?.id ?? null, tier, by });
}
