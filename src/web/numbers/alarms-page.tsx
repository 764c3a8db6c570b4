import { AlarmButtons } from '../alarm-bar.js';
import { alarmTitle, formatMetric, type ShownAlarm } from '../alarm-words.js';
import { change, serverNowMs } from '../api.js';
import { usePoll } from '../flows/poll.js';
import { DASH, formatClock } from '../format.js';
import { Mark } from '../icons.js';
import { queueUrl } from '../router.js';
import { language } from '../settings.js';
import { WORDS } from '../words.js';
import { type Names, useNames } from './names.js';
import { type Column, Sheet, type Stamp, siteMoment, Table, Trouble, useWords } from './parts.js';
import type { NumberWords } from './words.js';

interface Rule {
  readonly rule: string;
  readonly title: Readonly<Record<string, string>>;
  readonly metric: string;
  readonly queues: readonly string[] | null;
  readonly side: 'below' | 'above';
  readonly bound: number;
  readonly forMs: number;
  readonly until: number;
  readonly severity: 'warning' | 'critical';
  readonly mutes: ReadonlyArray<{ readonly queueId: string | null; readonly untilMs: number }>;
}

/** Alarms that are up, those that are over, and the rules that raise them. */
export function AlarmsPage() {
  const words = useWords();
  const names = useNames();
  const { value, refusal, again } = usePoll<Stamp & { alarms: readonly ShownAlarm[] }>('/api/v1/alarms', 2_000);
  const rules = usePoll<{ rules: readonly Rule[] }>('/api/v1/alarms/rules', 5_000);
  const up = (value?.alarms ?? []).filter(({ clearedAtMs }) => clearedAtMs === null);
  const over = (value?.alarms ?? []).filter(({ clearedAtMs }) => clearedAtMs !== null);
  if (refusal?.status === 404)
    return (
      <Sheet title={WORDS[language.value].alarms}>
        <p class="empty">{words.alarmsOff}</p>
      </Sheet>
    );
  return (
    <Sheet title={WORDS[language.value].alarms} stamp={value} isOld={refusal !== null}>
      <Trouble refusal={refusal} />
      <section data-part="up">
        <h2>{words.alarmsUp}</h2>
        {up.length === 0 ? (
          <p class="empty">{words.noAlarms}</p>
        ) : (
          <Table
            columns={alarmColumns(words, names, true, again)}
            rows={up}
            keyOf={({ alarmId }) => alarmId}
            label={words.alarmsUp}
          />
        )}
      </section>
      <section data-part="rules">
        <h2>{words.rules}</h2>
        <Table
          columns={ruleColumns(words, names, rules.again)}
          rows={rules.value?.rules ?? []}
          label={words.rules}
          ifNone={words.noRules}
        />
      </section>
      <section data-part="over">
        <h2>{words.alarmsEnded}</h2>
        <Table
          columns={alarmColumns(words, names, false, again)}
          rows={over}
          label={words.alarmsEnded}
          ifNone={words.noAlarmsEnded}
        />
      </section>
    </Sheet>
  );
}

function alarmColumns(words: NumberWords, names: Names, isUp: boolean, again: () => void): Column<ShownAlarm>[] {
  const common = WORDS[language.value];
  return [
    {
      name: common.alarms,
      isText: true,
      cell: (alarm) => (
        <span class="severity" data-severity={alarm.severity}>
          <Mark name={alarm.severity === 'critical' ? 'critical' : 'alert'} /> {common.severity[alarm.severity]} ·{' '}
          <b>{alarmTitle(alarm, language.value)}</b>
        </span>
      ),
    },
    {
      name: words.queue,
      isText: true,
      cell: (alarm) => (alarm.queueId === null ? words.site : <a href={queueUrl(alarm.queueId)}>{names.queue(alarm.queueId)}</a>),
    },
    {
      name: words.value,
      isText: true,
      cell: (alarm) => common.valueAndBound(formatMetric(alarm.metric, alarm.value), formatMetric(alarm.metric, alarm.bound)),
    },
    { name: words.raised, isText: true, cell: (alarm) => siteMoment(alarm.raisedAtMs, true) },
    { name: words.lasted, cell: (alarm) => formatClock((alarm.clearedAtMs ?? serverNowMs()) - alarm.raisedAtMs) },
    {
      name: words.acknowledged,
      isText: true,
      cell: (alarm) =>
        alarm.acknowledgedBy === null ? DASH : `${alarm.acknowledgedBy}${alarm.note === '' ? '' : `: ${alarm.note}`}`,
    },
    ...(isUp
      ? [
          {
            name: words.actions,
            isText: true,
            cell: (alarm: ShownAlarm) => <AlarmButtons alarm={alarm} hasNote onDone={again} />,
          },
        ]
      : []),
  ];
}

function ruleColumns(words: NumberWords, names: Names, again: () => void): Column<Rule>[] {
  const common = WORDS[language.value];
  const say = (rule: Rule, value: number) => formatMetric(rule.metric, value);
  return [
    {
      name: words.rules,
      isText: true,
      cell: (rule) => <b>{rule.title[language.value] ?? Object.values(rule.title)[0] ?? rule.rule}</b>,
    },
    { name: words.figure, isText: true, cell: (rule) => common.metrics[rule.metric] ?? rule.metric },
    { name: words.queue, isText: true, cell: (rule) => rule.queues?.map(names.queue).join(', ') ?? words.allQueues },
    {
      name: words.condition,
      isText: true,
      cell: (rule) => words.ruleText(words[rule.side], say(rule, rule.bound), formatClock(rule.forMs), say(rule, rule.until)),
    },
    {
      name: common.muted,
      isText: true,
      cell: (rule) =>
        rule.mutes.map(({ queueId, untilMs }) => (
          <span key={queueId} class="reason">
            {queueId === null ? words.allQueues : names.queue(queueId)}: {words.mutedUntil(siteMoment(untilMs))}{' '}
            <button
              type="button"
              data-do="unmute"
              onClick={() =>
                void change('PUT', `/api/v1/alarms/rules/${encodeURIComponent(rule.rule)}/mute`, { queueId, untilMs: null }).then(
                  again,
                )
              }
            >
              {common.unmute}
            </button>
          </span>
        )),
    },
  ];
}
