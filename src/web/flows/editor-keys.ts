import { type ChangeSpec, EditorSelection, type Line } from '@codemirror/state';
import type { EditorView, KeyBinding } from '@codemirror/view';

/** Keys for writing YAML. Tab is left alone: it leads out of the editor, as keyboard users expect. */

const INDENT = '  ';

/** A new line as deep as the one before; deeper after a colon. */
function newLine(view: EditorView): boolean {
  if (view.state.readOnly) return false;
  const change = view.state.changeByRange((range) => {
    const line = view.state.doc.lineAt(range.from);
    const before = line.text.slice(0, range.from - line.from);
    const depth = /^ */.exec(before)?.[0] ?? '';
    const insert = `\n${depth}${/:\s*$/.test(before) ? INDENT : ''}`;
    return { changes: { from: range.from, to: range.to, insert }, range: EditorSelection.cursor(range.from + insert.length) };
  });
  view.dispatch(change, { scrollIntoView: true, userEvent: 'input' });
  return true;
}

function chosenLines(view: EditorView): Line[] {
  const { doc, selection } = view.state;
  const numbers = new Set<number>();
  for (const range of selection.ranges) {
    const last = doc.lineAt(range.to).number;
    for (let number = doc.lineAt(range.from).number; number <= last; number++) numbers.add(number);
  }
  return Array.from(numbers, (number) => doc.line(number));
}

const onLines =
  (change: (line: Line, all: readonly Line[]) => ChangeSpec | null) =>
  (view: EditorView): boolean => {
    const lines = chosenLines(view);
    if (!view.state.readOnly) {
      const changes = lines.map((line) => change(line, lines)).filter((one) => one !== null);
      view.dispatch({ changes, userEvent: 'input' });
    }
    return true;
  };

const deeper = onLines((line) => (line.text.trim() === '' ? null : { from: line.from, insert: INDENT }));
const shallower = onLines((line) => {
  const taken = /^ {1,2}/.exec(line.text)?.[0].length ?? 0;
  return taken === 0 ? null : { from: line.from, to: line.from + taken };
});
const isComment = (line: Line): boolean => /^\s*#/.test(line.text);
const isEmpty = (line: Line): boolean => line.text.trim() === '';
const comment = onLines((line, all) => {
  const depth = /^\s*/.exec(line.text)?.[0].length ?? 0;
  if (isEmpty(line)) return null;
  if (!all.every((one) => isEmpty(one) || isComment(one))) return { from: line.from + depth, insert: '# ' };
  const mark = /^# ?/.exec(line.text.slice(depth))?.[0].length ?? 0;
  return { from: line.from + depth, to: line.from + depth + mark };
});

/** Only the lines near the window are in the document of the browser: its own keys would stop at their end. */
const to =
  (place: (view: EditorView) => number, keepsAnchor: boolean) =>
  (view: EditorView): boolean => {
    const head = place(view);
    const anchor = keepsAnchor ? view.state.selection.main.anchor : head;
    view.dispatch({ selection: { anchor, head }, scrollIntoView: true });
    return true;
  };
const page =
  (isDown: boolean) =>
  (view: EditorView): number =>
    view.moveVertically(view.state.selection.main, isDown, Math.max(60, view.scrollDOM.clientHeight - 40)).head;
const end = (view: EditorView): number => view.state.doc.length;
const begin = (): number => 0;

export const editorKeys: readonly KeyBinding[] = [
  { key: 'Enter', run: newLine },
  { key: 'Mod-]', run: deeper, preventDefault: true },
  { key: 'Mod-[', run: shallower, preventDefault: true },
  { key: 'Mod-/', run: comment, preventDefault: true },
  {
    key: 'Mod-a',
    run: (view) => {
      view.dispatch({ selection: { anchor: 0, head: view.state.doc.length } });
      return true;
    },
  },
  { key: 'Mod-Home', run: to(begin, false), shift: to(begin, true) },
  { key: 'Mod-End', run: to(end, false), shift: to(end, true) },
  { key: 'PageDown', run: to(page(true), false), shift: to(page(true), true) },
  { key: 'PageUp', run: to(page(false), false), shift: to(page(false), true) },
];
