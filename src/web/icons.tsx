import type { Doing } from './words.js';

/** Shapes for what colours say, so that colour is never alone. Each is drawn in the colour of its text. */
const STATES: Record<Doing, preact.JSX.Element> = {
  idle: <circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" stroke-width="2.4" />,
  ringing: <path d="M8 1.5 14.5 14h-13Z" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linejoin="round" />,
  talking: <circle cx="8" cy="8" r="6.4" fill="currentColor" />,
  onHold: <path d="M4 2.5v11M12 2.5v11" stroke="currentColor" stroke-width="3.4" stroke-linecap="round" />,
  wrapUp: <path d="M8 1.2 14.8 8 8 14.8 1.2 8Z" fill="currentColor" />,
  outbound: <path d="M3 13 12.5 3.5M5.5 3h7.5v7.5" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" />,
  notReady: <rect x="2.4" y="2.4" width="11.2" height="11.2" rx="2" fill="none" stroke="currentColor" stroke-width="2.4" />,
  loggedOut: <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" />,
};

const MARKS = {
  met: (
    <path
      d="M2.5 8.5 6.4 12.4 13.5 4.2"
      fill="none"
      stroke="currentColor"
      stroke-width="2.6"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  ),
  missed: (
    <path
      d="M8 2.5v10M3.6 8.4 8 12.8l4.4-4.4"
      fill="none"
      stroke="currentColor"
      stroke-width="2.4"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  ),
  none: <path d="M3 8h10" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" />,
  star: <path d="m8 1.4 2 4.3 4.6.6-3.4 3.2.9 4.7L8 11.9l-4.1 2.3.9-4.7L1.4 6.3 6 5.7Z" fill="currentColor" />,
  up: <circle cx="8" cy="8" r="5.5" fill="currentColor" />,
  down: <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" stroke="currentColor" stroke-width="3" stroke-linecap="round" />,
  alert: (
    <path
      d="M8 1.8 15 14.2H1ZM8 6.2v3.6M8 12v.2"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  ),
  critical: (
    <path
      d="M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2L1.5 10.8V5.2ZM8 4.6v4.2M8 11.2v.3"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  ),
  over: (
    <path
      d="M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4.4V8l2.6 1.8"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
    />
  ),
  sound: (
    <path
      d="M2 6v4h2.6L8 13V3L4.6 6ZM10.6 5.4a3.6 3.6 0 0 1 0 5.2M12.6 3.2a6.6 6.6 0 0 1 0 9.6"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  ),
  silent: (
    <path
      d="M2 6v4h2.6L8 13V3L4.6 6ZM11 6l4 4M15 6l-4 4"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  ),
  pause: <path d="M5 3v10M11 3v10" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" />,
  menu: <path d="M2 4h12M2 8h12M2 12h12" stroke="currentColor" stroke-width="2" stroke-linecap="round" />,
  play: <path d="M4.5 2.6v10.8L13 8Z" fill="currentColor" />,
};

interface Props {
  readonly class?: string;
}

export const StateIcon = ({ doing, ...rest }: Props & { doing: Doing }) => <Icon {...rest}>{STATES[doing]}</Icon>;
export const Mark = ({ name, ...rest }: Props & { name: keyof typeof MARKS }) => <Icon {...rest}>{MARKS[name]}</Icon>;

function Icon(props: Props & { children: preact.ComponentChildren }) {
  return (
    <svg class={`icon ${props.class ?? ''}`} viewBox="0 0 16 16" aria-hidden="true">
      {props.children}
    </svg>
  );
}
