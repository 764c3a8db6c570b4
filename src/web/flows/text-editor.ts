import { defaultKeymap, history, historyKeymap, insertNewlineKeepIndent } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Text } from '@codemirror/state';
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { type Finding, messageIn } from '../../flow/finding.js';

/**
 * CodeMirror 6, because it is the best kept editor component and takes Chinese input, keyboards and screen readers seriously. It lives in a
 * shadow root: there it brings its styles as adopted sheets, which our policy allows, and not as style elements, which it forbids.
 */
export interface TextEditor {
  /** Puts marks where the findings are; those of another file are for the list only. */
  show(findings: readonly Finding[], language: 'zh' | 'en'): void;
  /** Lines and columns from 1. */
  goTo(line: number, column?: number): void;
  replace(text: string): void;
  setReadOnly(isReadOnly: boolean): void;
  close(): void;
}

export interface TextEditorOptions {
  readonly text: string;
  readonly label: string;
  readonly isReadOnly: boolean;
  /** What the component says by itself, English -> the page's language. */
  readonly phrases: Readonly<Record<string, string>>;
  readonly onChange: (text: string) => void;
  /** The cursor is in another line now, counted from 1. */
  readonly onLine: (line: number) => void;
  readonly onSave: () => void;
}

export function openTextEditor(host: HTMLElement, options: TextEditorOptions): TextEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const readOnly = new Compartment();
  let line = 0;
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        highlightSpecialChars(),
        lintGutter(),
        bracketMatching(),
        yaml(),
        indentUnit.of('  '),
        history(),
        // The browser's own search sees only the lines near the window.
        search({ top: true }),
        highlightSelectionMatches(),
        EditorState.phrases.of(options.phrases),
        keymap.of([
          {
            key: 'Mod-s',
            preventDefault: true,
            run: () => {
              options.onSave();
              return true;
            },
          },
          // YAML's depth is the author's: a guess at it would be wrong as often as right.
          { key: 'Enter', run: (view) => view.state.readOnly || insertNewlineKeepIndent(view) },
          ...historyKeymap,
          ...searchKeymap,
          ...lintKeymap,
          // Tab is left alone: it leads out of the editor, as keyboard users expect.
          ...defaultKeymap,
        ]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': options.label, spellcheck: 'false', autocapitalize: 'off' }),
        readOnly.of(EditorState.readOnly.of(options.isReadOnly)),
        syntaxHighlighting(colours),
        look,
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange(update.state.doc.toString());
          const now = update.state.doc.lineAt(update.state.selection.main.head).number;
          if (now !== line && (update.selectionSet || update.docChanged)) options.onLine(now);
          line = now;
        }),
      ],
    }),
  });
  return {
    show: (findings, language) =>
      view.dispatch(
        setDiagnostics(
          view.state,
          findings.map((one) => diagnosticOf(one, view.state.doc, language)),
        ),
      ),
    goTo: (target, column = 1) => {
      const at = placeOf(view.state.doc, target, column);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 } }),
    setReadOnly: (isReadOnly) => view.dispatch({ effects: readOnly.reconfigure(EditorState.readOnly.of(isReadOnly)) }),
    close: () => view.destroy(),
  };
}

/** A place of the text; one that the text has not (any more) is taken to its nearest. */
function placeOf(doc: Text, line: number, column: number): number {
  const own = doc.line(Math.min(doc.lines, Math.max(1, line)));
  return Math.min(own.to, own.from + Math.max(0, column - 1));
}

/** From the place that the checker names to the end of the word there. */
function diagnosticOf(finding: Finding, doc: Text, language: 'zh' | 'en'): Diagnostic {
  const from = placeOf(doc, finding.line, finding.column);
  const line = doc.lineAt(from);
  const rest = doc.sliceString(from, line.to);
  const word = /^(?:"[^"]*"|'[^']*'|[^\s,:{}[\]]+)/.exec(rest)?.[0].length ?? 0;
  const to = Math.min(line.to, from + Math.max(1, word));
  // At the end of a line there is nothing to underline: the line is.
  const start = to === from ? line.from + (/^\s*/.exec(line.text)?.[0].length ?? 0) : from;
  return {
    from: Math.min(start, to),
    to,
    severity: finding.level === 'error' ? 'error' : 'warning',
    source: finding.rule,
    message: messageIn(finding, language),
  };
}

const colours = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--soft)', fontStyle: 'italic' },
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: 'var(--info)' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: [tags.keyword, tags.labelName, tags.typeName, tags.meta], color: 'var(--rest)' },
  { tag: [tags.punctuation, tags.separator, tags.brace, tags.squareBracket], color: 'var(--soft)' },
]);

/** The page's own colours: custom properties reach into a shadow root, and follow the theme. */
const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--card)', fontSize: '0.9rem' },
  '&.cm-focused': { outline: '2px solid var(--info)', outlineOffset: '-2px' },
  '.cm-scroller': {
    fontFamily: 'ui-monospace, "SF Mono", "Cascadia Mono", "Noto Sans Mono", "Noto Sans Mono CJK SC", monospace',
    lineHeight: '1.55',
  },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--card)', color: 'var(--soft)', borderRight: '1px solid var(--edge)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--raised)', color: 'inherit' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--trough)', outline: '1px solid var(--soft)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', border: '1px solid var(--soft)', maxWidth: '40rem' },
  '.cm-diagnostic': { padding: '0.4rem 0.7rem' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--bad)' },
  '.cm-diagnostic-warning': { borderLeft: '4px solid var(--warn)' },
  '.cm-diagnosticSource': { color: 'var(--soft)', opacity: '1', fontSize: '0.85em' },
  // Drawn by text decoration: the library's own wave is a picture, and pictures from data: are not allowed here.
  '.cm-lintRange': { backgroundImage: 'none !important', paddingBottom: '0' },
  '.cm-lintRange-error': { textDecoration: 'underline wavy var(--bad) 2px', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { textDecoration: 'underline wavy var(--warn) 2px', textUnderlineOffset: '3px' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--text)', borderBottom: '1px solid var(--edge)' },
  '.cm-panel.cm-search input, .cm-panel.cm-search button': {
    fontSize: '0.9rem',
    color: 'var(--text)',
    background: 'var(--card)',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--trough)', outline: '1px solid var(--warn)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--trough)' },
  '.cm-gutter-lint': { width: '1.4em' },
  '.cm-lint-marker': { content: 'normal !important', width: '1em', height: '1em', textAlign: 'center', lineHeight: '1.4' },
  '.cm-lint-marker-error::before': { content: '"✕"', color: 'var(--bad)', fontWeight: '700' },
  '.cm-lint-marker-warning::before': { content: '"!"', color: 'var(--warn)', fontWeight: '700' },
});
