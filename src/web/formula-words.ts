import type { ServiceLevelFormula } from '../acd/config.js';
import type { Language } from './words.js';

/** What each named formula of `service-level/formulas.ts` divides by what, in words; T is the queue's threshold, itself in time. */
const FORMULA_WORDS: Readonly<Record<Language, Readonly<Record<ServiceLevelFormula, string>>>> = {
  zh: {
    'answered-of-offered': '及时接通 ÷（呼入 − 短时放弃 − 尚未超时的排队）',
    'answered-of-answered': '及时接通 ÷ 接通',
    'answered-of-handled': '及时接通 ÷（接通 + 放弃）',
    'abandons-in-time-met': '（及时接通 + 及时放弃）÷（接通 + 放弃）',
    'late-abandons-only': '及时接通 ÷（接通 + 超时放弃）',
    'short-abandons-met': '（及时接通 + 短时放弃）÷（接通 + 放弃）',
    'short-abandons-excluded': '及时接通 ÷（接通 + 放弃 − 短时放弃）',
    'removed-of-queued': '（及时接通 + 及时放弃 + 及时溢出或转回呼）÷ 呼入',
  },
  en: {
    'answered-of-offered': 'answered in time ÷ (offered − shortly abandoned − still waiting in time)',
    'answered-of-answered': 'answered in time ÷ answered',
    'answered-of-handled': 'answered in time ÷ (answered + abandoned)',
    'abandons-in-time-met': '(answered in time + abandoned in time) ÷ (answered + abandoned)',
    'late-abandons-only': 'answered in time ÷ (answered + abandoned late)',
    'short-abandons-met': '(answered in time + shortly abandoned) ÷ (answered + abandoned)',
    'short-abandons-excluded': 'answered in time ÷ (answered + abandoned − shortly abandoned)',
    'removed-of-queued': '(answered + abandoned + flowed out or called back, in time) ÷ offered',
  },
};

/** The formula in words; one that this page has not learnt of by its own name. */
export function formulaText(language: Language, formula: string): string {
  const known = FORMULA_WORDS[language];
  return Object.hasOwn(known, formula) ? known[formula as ServiceLevelFormula] : formula;
}
