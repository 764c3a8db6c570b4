import { useEffect, useRef, useState } from 'preact/hooks';
import { playTone, prepareSound, sound, takeUnsounded, toggleSound, tonesPlayed } from './alarm-sound.js';
import { alarmSentence, alarmTitle, formatMetric, queueTitle, type ShownAlarm } from './alarm-words.js';
import { change } from './api.js';
import { formatClock, siteClock } from './format.js';
import { Mark } from './icons.js';
import { useScene } from './scene.js';
import { site } from './session.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

const SHOWN_AT_MOST = 3;
const MUTES_MS = [900_000, 3_600_000, 14_400_000] as const;

/** Alarms that are up, above everything else: said once to screen readers, sounded once, acknowledged by name, muted until a time. */
export function AlarmBar({ alarms, isKiosk }: { alarms: readonly ShownAlarm[]; isKiosk: boolean }) {
  const words = WORDS[language.value];
  const scene = useScene();
  const said = useRef(new Set<string>());
  const [announcement, setAnnouncement] = useState('');
  const ids = alarms.map(({ alarmId }) => alarmId).join(' ');
  useEffect(prepareSound, []);
  useEffect(() => {
    const fresh = alarms.filter(({ alarmId }) => !said.current.has(alarmId));
    for (const { alarmId } of fresh) said.current.add(alarmId);
    if (fresh.length > 0)
      setAnnouncement(fresh.map((alarm) => alarmSentence(alarm, scene.board.peek(), language.peek())).join('. '));
    const loud = fresh.filter((one) => one.sound !== false && one.mutedUntilMs === null && one.acknowledgedBy === null);
    const unsounded = takeUnsounded(loud.map(({ alarmId }) => alarmId));
    if (unsounded.length > 0) playTone(loud.some((one) => one.severity === 'critical' && unsounded.includes(one.alarmId)));
  }, [ids]);
  const more = alarms.length - SHOWN_AT_MOST;
  return (
    <section class="alarms" aria-label={words.alarms} data-shown={alarms.length > 0} data-tones={tonesPlayed.value}>
      <p class="unseen" role="alert">
        {announcement}
      </p>
      <ul>
        {alarms.slice(0, SHOWN_AT_MOST).map((alarm) => (
          <Alarm key={alarm.alarmId} alarm={alarm} isKiosk={isKiosk} />
        ))}
      </ul>
      {more > 0 && <p class="more-alarms">{isKiosk ? words.more(more) : <a href="/alarms">{words.more(more)}</a>}</p>}
    </section>
  );
}

const siteMinute = (atMs: number): string => siteClock(atMs, site.value?.timeZone ?? 'UTC', language.value).time.slice(0, 5);

function Alarm({ alarm, isKiosk }: { alarm: ShownAlarm; isKiosk: boolean }) {
  const words = WORDS[language.value];
  const { board, nowMs } = useScene();
  const where = queueTitle(board.value, alarm.queueId, language.value);
  return (
    <li data-severity={alarm.severity} data-alarm={alarm.alarmId} data-acknowledged={alarm.acknowledgedBy !== null}>
      <Mark name={alarm.severity === 'critical' ? 'critical' : 'alert'} />
      <span class="severity">{words.severity[alarm.severity]}</span>
      <b>
        {alarmTitle(alarm, language.value)}
        {where !== null && ` · ${where}`}
      </b>
      <span>{words.valueAndBound(formatMetric(alarm.metric, alarm.value), formatMetric(alarm.metric, alarm.bound))}</span>
      <span class="for">{formatClock(nowMs.value - alarm.raisedAtMs)}</span>
      {alarm.mutedUntilMs !== null && <span class="muted">{words.mutedUntil(siteMinute(alarm.mutedUntilMs))}</span>}
      {alarm.acknowledgedBy !== null && (
        <span class="by" title={alarm.note || undefined}>
          {words.acknowledgedBy(alarm.acknowledgedBy)}
        </span>
      )}
      {!isKiosk && <AlarmButtons alarm={alarm} />}
    </li>
  );
}

/** As many letters as the server takes. */
const NOTE_AT_MOST = 200;

/** What a supervisor may do about an alarm; the name is that of the session. `hasNote`: there is room to say what one does about it. */
export function AlarmButtons(props: { alarm: ShownAlarm; hasNote?: boolean; onDone?: () => void }) {
  const { alarm, hasNote = false, onDone } = props;
  const words = WORDS[language.value];
  const { nowMs } = useScene();
  const [refused, setRefused] = useState<string | null>(null);
  const [note, setNote] = useState('');
  const say = async (method: 'POST' | 'PUT', path: string, body: unknown): Promise<void> => {
    const answer = await change(method, path, body);
    setRefused(answer.ok ? null : answer.refusal.message);
    if (answer.ok) onDone?.();
  };
  const acknowledge = () => say('POST', `/api/v1/alarms/${encodeURIComponent(alarm.alarmId)}/acknowledge`, { note: note.trim() });
  const mute = (untilMs: number | null) =>
    say('PUT', `/api/v1/alarms/rules/${encodeURIComponent(alarm.rule)}/mute`, { queueId: alarm.queueId, untilMs });
  return (
    <span class="alarm-buttons">
      {alarm.acknowledgedBy === null && alarm.clearedAtMs === null && (
        <>
          {hasNote && (
            <input
              name="note"
              value={note}
              maxLength={NOTE_AT_MOST}
              placeholder={words.alarmNote}
              aria-label={words.alarmNote}
              autocomplete="off"
              onInput={(event) => setNote(event.currentTarget.value)}
              onKeyDown={(event) => {
                // Enter also ends a word that is being put together from sounds.
                if (event.key === 'Enter' && !event.isComposing) void acknowledge();
              }}
            />
          )}
          <button type="button" data-do="acknowledge" onClick={() => void acknowledge()}>
            {words.acknowledge}
          </button>
        </>
      )}
      {alarm.mutedUntilMs !== null ? (
        <button type="button" data-do="unmute" onClick={() => void mute(null)}>
          {words.unmute}
        </button>
      ) : (
        <select
          data-do="mute"
          aria-label={words.mute}
          value=""
          onChange={(event) => {
            const lengthMs = Number(event.currentTarget.value);
            event.currentTarget.value = '';
            if (lengthMs > 0) void mute(Math.round(nowMs.peek()) + lengthMs);
          }}
        >
          <option value="">{words.mute}</option>
          {MUTES_MS.map((ms) => (
            <option key={ms} value={String(ms)}>
              {words.muteFor(ms / 60_000)}
            </option>
          ))}
        </select>
      )}
      {refused !== null && (
        <span class="wrong" role="alert">
          {refused}
        </span>
      )}
    </span>
  );
}

/** Whether alarms can be heard here: a mark that is seen, and the way to change it. */
export function SoundButton() {
  const words = WORDS[language.value];
  const isOn = sound.value === 'on';
  return (
    <button
      type="button"
      data-do="sound"
      data-sound={sound.value}
      aria-pressed={!isOn}
      title={isOn ? words.soundOn : words.soundOff}
      onClick={() => void toggleSound()}
    >
      <Mark name={isOn ? 'sound' : 'silent'} />
      <span class="wide">{isOn ? words.soundOn : words.soundOff}</span>
    </button>
  );
}
