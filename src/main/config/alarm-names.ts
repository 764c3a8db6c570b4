import type { ConfigSources, SourceFile } from './names.js';
import { Reader } from './names.js';
import type { ConfigFinding } from './shape-findings.js';

/** What rules of alarms say about the other files: queues, calendars, endpoints and groups of people that must be there. */
export function checkAlarmNames(sources: ConfigSources & { readonly alarms: SourceFile | null }): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  if (!sources.alarms) return findings;
  const alarms = new Reader(sources.alarms, findings);
  const reader = (file: SourceFile | null): Reader | null => (file ? new Reader(file, findings) : null);
  const [hotline, queues, endpoints] = [reader(sources.hotline), reader(sources.queues), reader(sources.endpoints)];
  const languages = hotline?.has(['languages']) ? hotline.texts(['languages']) : ['zh', 'en'];
  const all = (endpoints?.keys(['endpoints']) ?? []).filter((id) => endpoints?.at(['endpoints', id, 'kind']) === 'message');
  for (const id of alarms.keys(['alarms'])) {
    const path = ['alarms', id];
    const missing = alarms.has([...path, 'title']) ? languages.filter((each) => !alarms.has([...path, 'title', each])) : [];
    for (const language of missing) alarms.say([...path, 'title'], 'missing-language', `no title for ${language}`);
    const each = (at: string[], what: string, known: readonly string[]): void => {
      alarms.once([...path, ...at]);
      for (const nth of alarms.items([...path, ...at]).keys()) {
        alarms.text([...path, ...at, nth], (word) => alarms.known(what, word, known));
      }
    };
    if (queues) each(['queues'], 'queue', queues.keys(['queues']));
    each(['to', 'webhooks'], 'receiver', all);
    if (!hotline) continue;
    each(['to', 'mail'], 'group', hotline.keys(['mail', 'groups']));
    alarms.text([...path, 'calendar'], (calendar) => alarms.known('calendar', calendar, hotline.keys(['calendars'])));
  }
  return findings;
}
