import { useEffect, useState } from 'preact/hooks';
import { askSignIn, serverNowMs } from '../api.js';
import { usePoll } from '../flows/poll.js';
import { DASH } from '../format.js';
import { FACT_WORDS } from '../numbers/fact-words.js';
import { type Column, dayAfter, Sheet, siteDay, siteTime, Table, Trouble } from '../numbers/parts.js';
import { type AuditRoute, navigate, query } from '../router.js';
import { language } from '../settings.js';
import { SIGN_IN_WORDS } from '../sign-in-words.js';
import { AUDIT_WORDS, AUDITED_FACTS } from './audit-words.js';

interface Change {
  readonly atMs: number;
  readonly kind: string;
  readonly by: string;
  readonly subject: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}
interface Question {
  readonly day: string;
  readonly by: string;
  readonly kind: string;
  readonly cursor: string;
}
const useWords = () => AUDIT_WORDS[language.value];
const SHOWN = 200;
const PERSON = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/;

/** Who did what, when, from where: one address for each question, so that it can be sent to somebody. */
export function AuditPage(_: { route: AuditRoute }) {
  const words = useWords();
  const asked = readQuestion();
  const { value, refusal, again } = usePoll<{ changes: readonly Change[]; next: string | null }>(addressOf(asked), 5_000);
  return (
    <Sheet title={words.title} note={words.hint}>
      <Choices asked={asked} />
      {refusal?.status === 403 ? <OnlyAdmin onDone={again} /> : <Trouble refusal={refusal} />}
      {value !== null && <Table columns={columns()} rows={value.changes} label={words.title} />}
      <p class="choices">
        {asked.cursor !== '' && (
          <a class="button" data-do="newest" href={pageUrl({ ...asked, cursor: '' })}>
            {words.newest}
          </a>
        )}
        {value?.next != null && (
          <a class="button" data-do="older" href={pageUrl({ ...asked, cursor: value.next })}>
            {words.older}
          </a>
        )}
      </p>
    </Sheet>
  );
}

function OnlyAdmin({ onDone }: { onDone: () => void }) {
  const words = useWords();
  return (
    <p class="trouble" role="status">
      {words.onlyAdmin}{' '}
      <button type="button" data-do="sign-in-as-admin" onClick={() => void askSignIn().then((done) => done && onDone())}>
        {words.signIn}
      </button>
    </p>
  );
}

function readQuestion(): Question {
  const text = (name: string, orElse: string, shape: RegExp) => {
    const given = query.value.get(name);
    return given !== null && shape.test(given) ? given : orElse;
  };
  return {
    day: text('day', siteDay(serverNowMs()), /^\d{4}-\d{2}-\d{2}$/),
    by: text('by', '', PERSON),
    kind: text('kind', '', /^[A-Za-z][A-Za-z0-9/-]{0,95}$/),
    cursor: text('cursor', '', /^\d{1,15}\.\d{1,16}$/),
  };
}

/** Only what was chosen stands in the address. */
const chosen = (fields: Record<string, string>): URLSearchParams =>
  new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== ''));
const pageUrl = ({ day, by, kind, cursor }: Question): string => `/audit?${chosen({ day, by, kind, cursor })}`;
const asksFor = ({ day, by, kind }: Question) => ({ from: day, to: dayAfter(day), by, action: kind });
const addressOf = (asked: Question): string =>
  `/api/v1/audit?${chosen({ ...asksFor(asked), cursor: asked.cursor, limit: String(SHOWN) })}`;
const csvOf = (asked: Question): string => `/api/v1/audit?${chosen({ ...asksFor(asked), format: 'csv', bom: '1' })}`;

function Choices({ asked }: { asked: Question }) {
  const words = useWords();
  const [by, setBy] = useState(asked.by);
  useEffect(() => setBy(asked.by), [asked.by]);
  const isPerson = by === '' || PERSON.test(by);
  const change = (next: Partial<Question>) => void navigate(pageUrl({ ...asked, cursor: '', ...next }));
  // Pressing Enter tells it twice.
  const changePerson = () => isPerson && by !== asked.by && change({ by });
  return (
    <form
      class="choices"
      onSubmit={(event) => {
        event.preventDefault();
        changePerson();
      }}
    >
      <label>
        {words.day}
        <input
          type="date"
          name="day"
          value={asked.day}
          onChange={({ currentTarget: { value } }) => value !== '' && change({ day: value })}
        />
      </label>
      <label>
        {words.person}
        <input
          name="by"
          value={by}
          placeholder={words.everybody}
          maxLength={96}
          autocomplete="off"
          spellcheck={false}
          aria-invalid={!isPerson}
          title={isPerson ? undefined : words.badPerson}
          onInput={(event) => setBy(event.currentTarget.value.trim())}
          onChange={changePerson}
        />
      </label>
      <label>
        {words.kind}
        <select name="kind" value={asked.kind} onChange={(event) => change({ kind: event.currentTarget.value })}>
          <option value="">{words.allKinds}</option>
          {[...Object.keys(words.kinds), ...AUDITED_FACTS].map((kind) => (
            <option key={kind} value={kind}>
              {kindText(kind)}
            </option>
          ))}
        </select>
      </label>
      <a class="button" href={csvOf(asked)} download data-do="csv">
        {words.csv}
      </a>
    </form>
  );
}

function kindText(kind: string): string {
  const known: Readonly<Record<string, string>> = { ...FACT_WORDS[language.value], ...AUDIT_WORDS[language.value].kinds };
  return Object.hasOwn(known, kind) ? (known[kind] as string) : kind;
}

function columns(): Column<Change>[] {
  const words = useWords();
  const roles: Readonly<Record<string, string>> = SIGN_IN_WORDS[language.value].roles;
  const text = (value: unknown): string => (typeof value === 'string' && value !== '' ? value : DASH);
  return [
    {
      name: words.when,
      isText: true,
      cell: ({ atMs }) => `${siteDay(atMs)} ${siteTime(atMs, true)}`,
    },
    {
      name: words.who,
      isText: true,
      cell: ({ by, detail: { role } }) => (
        <>
          <b>{by}</b> {typeof role === 'string' && Object.hasOwn(roles, role) && <small>{roles[role]}</small>}
        </>
      ),
    },
    {
      name: words.what,
      isText: true,
      cell: ({ kind }) => (
        <>
          {kindText(kind)} <small>{kind}</small>
        </>
      ),
    },
    { name: words.on, isText: true, cell: ({ subject }) => text(subject) },
    { name: words.from, isText: true, cell: ({ detail: { address } }) => text(address) },
    { name: words.more, isText: true, cell: ({ detail }) => <Details detail={detail} /> },
  ];
}

const SHOWN_ELSEWHERE = new Set(['address', 'role', 'via']);

function Details({ detail }: { detail: Change['detail'] }) {
  const rest = Object.entries(detail).filter(([name, value]) => !SHOWN_ELSEWHERE.has(name) && value !== '' && value !== null);
  if (rest.length === 0) return <>{DASH}</>;
  return <>{rest.map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`).join(' · ')}</>;
}
