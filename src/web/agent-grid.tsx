import type { AgentView } from '../service-level/views.js';
import { formatClock, formatShare } from './format.js';
import { Mark, StateIcon } from './icons.js';
import { limits, occupancyOf, overLimitMs } from './limits.js';
import { callUrl } from './router.js';
import { useScene } from './scene.js';
import { language } from './settings.js';
import { type Doing, WORDS } from './words.js';

const ORDER: readonly Doing[] = ['idle', 'ringing', 'talking', 'onHold', 'outbound', 'wrapUp', 'notReady'];

/** A call in hand counts before a status that was chosen for after it. */
export function doingOf(agent: AgentView): Doing {
  if (agent.state !== 'idle') return agent.state;
  return agent.status === 'ready' ? 'idle' : agent.status;
}

/** Everybody who is signed in, each at an own place that does not move: an eye finds a colleague where it found them before. */
export function AgentGrid({ agents }: { agents: readonly AgentView[] }) {
  const words = WORDS[language.value];
  const here = agents.filter((agent) => doingOf(agent) !== 'loggedOut');
  const counts = new Map<Doing, number>();
  for (const agent of here) counts.set(doingOf(agent), (counts.get(doingOf(agent)) ?? 0) + 1);
  const away = agents.length - here.length;
  return (
    <section class="agents" aria-label={words.agents} data-size={here.length <= 24 ? 'few' : here.length <= 60 ? 'some' : 'many'}>
      <div class="title">
        <h2>
          {words.agents} <b data-figure="signedIn">{here.length}</b> <small>{words.signedIn}</small>
        </h2>
        <ul class="legend">
          {ORDER.filter((doing) => counts.has(doing)).map((doing) => (
            <li key={doing} data-doing={doing}>
              <StateIcon doing={doing} /> {words.doing[doing]} <b>{counts.get(doing)}</b>
            </li>
          ))}
          {away > 0 && <li data-doing="loggedOut">{words.notSignedIn(away)}</li>}
        </ul>
      </div>
      {here.length === 0 && <p class="empty">{words.nobodySignedIn}</p>}
      <ul class="grid">
        {here.map((agent) => (
          <Agent key={agent.agentId} agent={agent} />
        ))}
      </ul>
    </section>
  );
}

function Agent({ agent }: { agent: AgentView }) {
  const words = WORDS[language.value];
  const { nowMs, isLinked } = useScene();
  const now = nowMs.value;
  const doing = doingOf(agent);
  const reason = agent.status === 'notReady' && agent.reason !== null ? (words.reasons[agent.reason] ?? agent.reason) : null;
  const over = overLimitMs(agent, now, limits.value);
  const occupancy = formatShare({ share: occupancyOf(agent, now) });
  const figures = [
    agent.name,
    words.answeredToday(agent.answeredToday),
    `${words.occupancy} ${occupancy}`,
    ...(agent.ronaToday > 0 ? [words.missedToday(agent.ronaToday)] : []),
  ];
  return (
    <li class="agent" data-agent={agent.agentId} data-doing={doing} data-over={over !== null} title={figures.join(' · ')}>
      <StateIcon doing={doing} />
      <b class="name">{isLinked && agent.callId !== null ? <a href={callUrl(agent.callId)}>{agent.name}</a> : agent.name}</b>
      <span class="since">{formatClock(now - agent.sinceMs)}</span>
      <span class="what">
        <span class="word">
          {words.doing[doing]}
          {reason !== null && ' · '}
        </span>
        {reason !== null && <em>{reason}</em>}
        {over !== null && (
          <b class="over">
            <Mark name="over" /> <span>{words.overLimit}</span> +{formatClock(over)}
          </b>
        )}
      </span>
      <span class="occupancy" data-figure="occupancy" title={`${words.occupancy}: ${words.formulas.occupancy}`}>
        {occupancy}
      </span>
    </li>
  );
}
