import { SoundButton } from './alarm-bar.js';
import { DASH, siteClock } from './format.js';
import { Mark } from './icons.js';
import { ageMs, board, clockMs, isPaused, isStale, togglePause } from './live.js';
import { PageMenu } from './page-menu.js';
import { ScreenButtons } from './screen-buttons.js';
import { site } from './session.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

/** Site, switches, what moment the figures are of, the clock, and the three things that one may press. */
export function Header({ isKiosk = false }: { isKiosk?: boolean }) {
  const words = WORDS[language.value];
  const now = board.value;
  return (
    <header>
      <div class="site">
        <h1>{site.value?.name ?? ''}</h1>
        <p>{words.wallboard}</p>
      </div>
      <ul class="switches" aria-label={words.switches}>
        {now?.switches.map((one) => (
          <li key={one.switchId} data-up={one.up} title={one.detail}>
            <Mark name={one.up ? 'up' : 'down'} />
            <b>{one.switchId}</b> {one.up ? words.up : words.down}
          </li>
        ))}
        <li class="calls">
          {words.callsNow} <b data-figure="callsNow">{now?.callsNow ?? DASH}</b>
        </li>
      </ul>
      <Age />
      <Clock />
      <div class="controls" hidden={isKiosk}>
        <SoundButton />
        <button
          type="button"
          data-do="pause"
          onClick={togglePause}
          aria-pressed={isPaused.value}
          title={isPaused.value ? words.resume : words.pause}
        >
          <Mark name={isPaused.value ? 'play' : 'pause'} />
          <span class="wide">{isPaused.value ? words.resume : words.pause}</span>
        </button>
        <ScreenButtons />
        <PageMenu />
      </div>
    </header>
  );
}

/** The snapshot number that all figures share, and their age. */
function Age() {
  const words = WORDS[language.value];
  const seconds = Math.floor(ageMs.value / 1_000);
  const isOld = isStale.value || isPaused.value;
  return (
    <div class="age" data-old={isOld}>
      <span>
        {words.snapshot} <b data-figure="seq">{board.value?.seq ?? DASH}</b>
      </span>
      <span data-figure="age">{isOld ? words.stale(seconds) : words.age(String(seconds))}</span>
    </div>
  );
}

function Clock() {
  const { time, date } = siteClock(clockMs.value, site.value?.timeZone ?? 'UTC', language.value);
  return (
    <div class="clock">
      <time>{time}</time>
      <span>{date}</span>
    </div>
  );
}
