import { useState } from 'preact/hooks';
import type { EmergencyAnnouncementView } from '../../flow/views.js';
import { change, serverNowMs } from '../api.js';
import { Dialog } from '../dialogs.js';
import { Mark } from '../icons.js';
import { language } from '../settings.js';
import { formatAgo, titleOf } from './flow-formats.js';
import { usePoll } from './poll.js';
import { FLOW_WORDS } from './words.js';

/** Announcements that all new callers, or those of some numbers, hear first. Each switch asks once, with the words that callers will hear. */
export function Emergency({ numbers }: { numbers: readonly string[] }) {
  const words = FLOW_WORDS[language.value];
  const { value, again } = usePoll<{ announcements: readonly EmergencyAnnouncementView[] }>('/api/v1/emergency', 3_000);
  const [asked, setAsked] = useState<EmergencyAnnouncementView | null>(null);
  if (value === null) return null;
  return (
    <section class="emergency" aria-label={words.emergency}>
      <h2>{words.emergency}</h2>
      <p class="label">{value.announcements.length === 0 ? words.noAnnouncements : words.emergencyHint}</p>
      <ul>
        {value.announcements.map((one) => (
          <li key={one.announcement} data-announcement={one.announcement} data-on={one.on}>
            <div>
              <h3>{titleOf(one.title, language.value, one.announcement)}</h3>
              <p class="label">
                {one.on ? (
                  <>
                    <b class="on">
                      <Mark name="alert" /> {words.on}
                    </b>{' '}
                    {one.numbers === null ? words.forAll : one.numbers.join(', ')}
                    {one.sinceMs !== null &&
                      ` · ${words.since(formatAgo(one.sinceMs, serverNowMs(), language.value), one.by ?? '')}`}
                  </>
                ) : (
                  words.off
                )}
              </p>
            </div>
            <button type="button" role="switch" aria-checked={one.on} class="switch" onClick={() => setAsked(one)}>
              <i aria-hidden="true" /> {one.on ? words.turnOff : words.turnOn}
            </button>
          </li>
        ))}
      </ul>
      {asked !== null && (
        <Sure
          announcement={asked}
          numbers={numbers}
          onDone={() => {
            setAsked(null);
            again();
          }}
        />
      )}
    </section>
  );
}

interface SureProps {
  readonly announcement: EmergencyAnnouncementView;
  readonly numbers: readonly string[];
  readonly onDone: () => void;
}

function Sure({ announcement, numbers, onDone }: SureProps) {
  const words = FLOW_WORDS[language.value];
  const [forAll, setForAll] = useState(true);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [wrong, setWrong] = useState('');
  const turnsOn = !announcement.on;
  const title = titleOf(announcement.title, language.value, announcement.announcement);
  const turn = async () => {
    if (turnsOn && !forAll && chosen.size === 0) return setWrong(words.noNumberChosen);
    const answer = await change('PUT', `/api/v1/emergency/${encodeURIComponent(announcement.announcement)}`, {
      on: turnsOn,
      numbers: turnsOn && !forAll ? numbers.filter((number) => chosen.has(number)) : null,
    });
    if (answer.ok) onDone();
    else setWrong(`${words.failedChange}: ${answer.refusal.message}`);
  };
  const toggle = (number: string): void => {
    const next = new Set(chosen);
    if (!next.delete(number)) next.add(number);
    setChosen(next);
  };
  return (
    <Dialog title={turnsOn ? words.sureOn(title) : words.sureOff(title)} onClose={onDone}>
      <p>{turnsOn ? words.callersHear : words.callersNoLonger}</p>
      {Object.entries(announcement.text).map(([tag, text]) => (
        <blockquote key={tag} lang={tag}>
          {text}
        </blockquote>
      ))}
      <p class="label">{words.afterwards[announcement.then]}</p>
      {turnsOn && (
        <fieldset>
          <legend>{words.numbers}</legend>
          <label>
            <input type="radio" name="scope" checked={forAll} onChange={() => setForAll(true)} /> {words.forAll}
          </label>
          <label>
            <input type="radio" name="scope" value="some" checked={!forAll} onChange={() => setForAll(false)} /> {words.forSome}
          </label>
          {!forAll && (
            <div class="numbers">
              {numbers.map((number) => (
                <label key={number}>
                  <input type="checkbox" value={number} checked={chosen.has(number)} onChange={() => toggle(number)} /> {number}
                </label>
              ))}
            </div>
          )}
        </fieldset>
      )}
      <p class="wrong" role="alert">
        {wrong}
      </p>
      <div class="buttons">
        <button type="button" onClick={onDone}>
          {words.cancel}
        </button>
        <button type="button" class="danger" data-do="turn" onClick={() => void turn()}>
          {turnsOn ? words.turnOn : words.turnOff}
        </button>
      </div>
    </Dialog>
  );
}
