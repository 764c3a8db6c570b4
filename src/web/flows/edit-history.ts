import { type ChangeSet, type EditorSelection, type Extension, StateEffect, StateField, Transaction } from '@codemirror/state';
import type { EditorView, KeyBinding } from '@codemirror/view';

/** Undo and redo. Typing without a pause of this much is one step. */
const PAUSE_MS = 500;
const MOST_STEPS = 300;

interface Step {
  /** Leads from the text after the step to the one before. */
  readonly back: ChangeSet;
  readonly selection: EditorSelection;
  readonly atMs: number;
}

interface Steps {
  readonly done: readonly Step[];
  readonly undone: readonly Step[];
}

const travel = StateEffect.define<'undo' | 'redo'>();

const steps = StateField.define<Steps>({
  create: () => ({ done: [], undone: [] }),
  update(before, transaction) {
    if (!transaction.docChanged) return before;
    const step: Step = {
      back: transaction.changes.invert(transaction.startState.doc),
      selection: transaction.startState.selection,
      atMs: transaction.annotation(Transaction.time) ?? 0,
    };
    const way = transaction.effects.find((effect) => effect.is(travel))?.value;
    if (way === 'undo') return { done: before.done.slice(0, -1), undone: [...before.undone, step] };
    if (way === 'redo') return { done: [...before.done, step], undone: before.undone.slice(0, -1) };
    const last = before.done.at(-1);
    const isOneGo =
      last !== undefined &&
      before.undone.length === 0 &&
      step.atMs - last.atMs < PAUSE_MS &&
      transaction.isUserEvent('input.type');
    const joined = isOneGo ? { ...last, back: step.back.compose(last.back), atMs: step.atMs } : step;
    const kept = isOneGo ? before.done.slice(0, -1) : before.done;
    return { done: [...kept, joined].slice(-MOST_STEPS), undone: [] };
  },
});

function go(way: 'undo' | 'redo') {
  return (view: EditorView): boolean => {
    const all = view.state.field(steps);
    const step = (way === 'undo' ? all.done : all.undone).at(-1);
    if (step === undefined || view.state.readOnly) return true;
    const selection = way === 'undo' ? { selection: step.selection } : {};
    view.dispatch({ changes: step.back, ...selection, effects: travel.of(way), scrollIntoView: true, userEvent: way });
    return true;
  };
}

export const editHistory: Extension = steps;
export const historyKeys: readonly KeyBinding[] = [
  { key: 'Mod-z', run: go('undo'), preventDefault: true },
  { key: 'Mod-y', run: go('redo'), preventDefault: true },
  { key: 'Mod-Shift-z', run: go('redo'), preventDefault: true },
];
