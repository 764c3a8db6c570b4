import type { Expression } from './expression.js';

/** Stands for a condition that could not be read: what is wrong with it has been told. */
export const UNREADABLE: Expression = { op: 'value', value: false };

/** What a condition always is, whatever the call: true or false; null: it depends. */
export function constantTruth(condition: Expression): boolean | null {
  switch (condition.op) {
    case 'value':
      return condition.value !== false && condition.value !== null && condition.value !== 0 && condition.value !== '';
    case 'not': {
      const inner = constantTruth(condition.of);
      return inner === null ? null : !inner;
    }
    case 'and':
    case 'or': {
      const [left, right] = [constantTruth(condition.left), constantTruth(condition.right)];
      const decides = condition.op === 'or';
      if (left === decides || right === decides) return decides;
      return left === null || right === null ? null : !decides;
    }
    default:
      return null;
  }
}

/** The same for two conditions that ask the same in the same words, however they are spaced and quoted. */
export const conditionKey = (condition: Expression): string =>
  JSON.stringify(condition, (name, value: unknown) => (name === 'at' ? undefined : value));
