import fc from 'fast-check';
import t from 'tap';
import type { FlowValue } from '../../src/flow/contract.js';
import { CURRENCIES, type Currency, SAY_KINDS } from '../../src/flow/say/grammar.js';
import { allFragments, fragmentsOf, hasGrammar, type SayForm, say, wordsOf } from '../../src/flow/say/say.js';

const CNY: SayForm = { kind: 'amount', currency: 'CNY' };
const NUMBER: SayForm = { kind: 'number' };
const DATE: SayForm = { kind: 'date' };
const TIME: SayForm = { kind: 'time' };

function words(form: SayForm, value: FlowValue, language: string): string {
  const said = say(form, value, language);
  return said.ok ? wordsOf(said.value, language) : said.error;
}
const both = (form: SayForm, value: FlowValue): string[] => ['zh', 'en'].map((language) => words(form, value, language));

// ---- A second way to write numbers, made differently: each digit with its unit, then the schoolbook's rules as replacements.

const DIGITS = '零一二三四五六七八九';
function schoolbook(whole: number): string {
  const digits = `${whole}`;
  const units = ['', '十', '百', '千', '万', '十', '百', '千', '亿', '十', '百', '千'];
  let text = Array.from(digits, (digit, i) => `${DIGITS[Number(digit)]}${units[digits.length - 1 - i]}`).join('');
  text = text
    .replace(/零[十百千]/g, '零')
    .replace(/零+/g, '零')
    .replace(/零([万亿])/g, '$1')
    .replace(/亿万/, '亿');
  // The unit of an empty section has swallowed the zero that stands for it.
  if (/亿/.test(text) && Math.floor(whole / 1e4) % 1e4 === 0 && whole % 1e4 > 0) text = text.replace(/亿零?/, '亿零');
  text = text.replace(/(.)零$/, '$1').replace(/^一十/, '十');
  return text.replace(/^二(?=[百千万亿])/, '两');
}
const chineseOf = (whole: number): string => (whole === 0 ? '零' : schoolbook(whole));

/** Reads English words back into a number; throws on a word out of its place. */
function readEnglish(text: string): number {
  const small = new Map<string, number>();
  const names =
    'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen';
  for (const [i, name] of names.split(' ').entries()) small.set(name, i);
  for (const [i, name] of 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ').entries()) {
    small.set(name, 20 + i * 10);
    for (const [j, one] of names.split(' ').slice(1, 10).entries()) small.set(`${name}-${one}`, 20 + i * 10 + j + 1);
  }
  const scales: Record<string, number> = { thousand: 1e3, million: 1e6, billion: 1e9 };
  let total = 0;
  let group: number | null = null;
  let bound = Number.POSITIVE_INFINITY;
  for (const word of text.split(' ')) {
    const value = small.get(word);
    if (value !== undefined) {
      if (group !== null && (group % 100 !== 0 || value >= 100)) throw new Error(`"${word}" out of place in ${text}`);
      group = (group ?? 0) + value;
    } else if (word === 'hundred') {
      if (group === null || group < 1 || group > 9) throw new Error(`hundred out of place in ${text}`);
      group *= 100;
    } else if (scales[word] !== undefined) {
      if (group === null || group < 1 || scales[word] >= bound) throw new Error(`${word} out of place in ${text}`);
      bound = scales[word];
      total += group * bound;
      group = null;
    } else if (word !== 'and') throw new Error(`unknown word ${word} in ${text}`);
  }
  return total + (group ?? 0);
}

/** "and" stands between hundreds and what is below, and before a last part below a hundred; nowhere else. */
function hasAndsInPlace(text: string): boolean {
  const bare = text
    .replace(/hundred and (?!thousand|million|billion|hundred)[a-z-]+/g, 'hundred')
    .replace(/hundred (?!thousand|million|billion|$)/g, 'WRONG ');
  return (
    !bare.includes('WRONG') &&
    (bare.match(/\band\b/g) ?? []).length <= 1 &&
    !/(thousand|million|billion) (?!and )[a-z-]+$/.test(bare.replace(/[a-z-]+ hundred$/, 'and x'))
  );
}

t.test('known amounts', async (t) => {
  for (const [value, zh, en] of [
    [1280.5, '一千二百八十元五角', 'one thousand two hundred and eighty yuan and fifty fen'],
    ['1280.50', '一千二百八十元五角', 'one thousand two hundred and eighty yuan and fifty fen'],
    [1280.1, '一千二百八十元一角', 'one thousand two hundred and eighty yuan and ten fen'],
    ['1280.10', '一千二百八十元一角', 'one thousand two hundred and eighty yuan and ten fen'],
    ['1,280.50', '一千二百八十元五角', 'one thousand two hundred and eighty yuan and fifty fen'],
    [0.05, '五分', 'five fen'],
    [10.05, '十元零五分', 'ten yuan and five fen'],
    [0, '零元', 'zero yuan'],
    ['-0.00', '零元', 'zero yuan'],
    [1, '一元', 'one yuan'],
    [2, '两元', 'two yuan'],
    [0.2, '两角', 'twenty fen'],
    [0.02, '两分', 'two fen'],
    [2.22, '两元二角二分', 'two yuan and twenty-two fen'],
    [12, '十二元', 'twelve yuan'],
    [102, '一百零二元', 'one hundred and two yuan'],
    [200, '两百元', 'two hundred yuan'],
    [2000, '两千元', 'two thousand yuan'],
    [20000, '两万元', 'twenty thousand yuan'],
    [22222, '两万二千二百二十二元', 'twenty-two thousand two hundred and twenty-two yuan'],
    [1005, '一千零五元', 'one thousand and five yuan'],
    [10500, '一万零五百元', 'ten thousand five hundred yuan'],
    [115, '一百一十五元', 'one hundred and fifteen yuan'],
    [10_001_000, '一千万一千元', 'ten million one thousand yuan'],
    [100_001_000, '一亿零一千元', 'one hundred million one thousand yuan'],
    [-300.3, '负三百元三角', 'minus three hundred yuan and thirty fen'],
    [0.1 + 0.2, '三角', 'thirty fen'],
    ['1.005', '一元零一分', 'one yuan and one fen'],
    ['0.995', '一元', 'one yuan'],
    [
      '999999999999.99',
      '九千九百九十九亿九千九百九十九万九千九百九十九元九角九分',
      'nine hundred and ninety-nine billion nine hundred and ninety-nine million nine hundred and ninety-nine thousand nine hundred and ninety-nine yuan and ninety-nine fen',
    ],
  ] as const) {
    t.same(both(CNY, value), [zh, en], `${value}`);
  }
});

t.test('other currencies', async (t) => {
  const of = (currency: Currency, value: FlowValue) => both({ kind: 'amount', currency }, value);
  t.same(of('USD', 1.01), ['一美元零一美分', 'one US dollar and one cent']);
  t.same(of('USD', 2.5), ['两美元五十美分', 'two US dollars and fifty cents']);
  t.same(of('EUR', -0.02), ['负两欧分', 'minus two cents']);
  t.same(of('EUR', 1), ['一欧元', 'one euro']);
  t.same(of('HKD', 12.5), ['港币十二元五角', 'twelve Hong Kong dollars and fifty cents']);
  t.same(of('JPY', '1280.4'), ['一千二百八十日元', 'one thousand two hundred and eighty yen'], 'yen have no decimals');
});

t.test('numbers, percents, digits, lengths of time', async (t) => {
  t.same(both(NUMBER, '3.1400'), ['三点一四', 'three point one four']);
  t.same(both(NUMBER, -5), ['负五', 'minus five']);
  t.same(both(NUMBER, 2), ['二', 'two'], 'a bare two is 二');
  t.same(both(NUMBER, 0.123_456_789), ['零点一二三四五七', 'zero point one two three four five seven'], 'six decimals, rounded');
  t.same(both({ kind: 'percent' }, 12.5), ['百分之十二点五', 'twelve point five percent']);
  t.same(both({ kind: 'percent' }, -3), ['负百分之三', 'minus three percent']);
  t.same(both({ kind: 'digits', style: 'plain' }, '0121'), ['零一二一', 'zero one two one']);
  t.same(both({ kind: 'digits', style: 'phone' }, '+86 139-1'), ['加八六幺三九幺', 'plus eight six one three nine one']);
  t.same(both({ kind: 'duration' }, 7_322), ['两小时两分钟两秒', 'two hours two minutes and two seconds']);
  t.same(both({ kind: 'duration' }, 86_460), ['一天一分钟', 'one day and one minute']);
  t.same(both({ kind: 'duration' }, 0), ['零秒', 'zero seconds']);
});

t.test('days and times', async (t) => {
  for (const written of ['2026-12-05', '2026/12/05', '20261205', '2026-12-05T23:59:00+08:00', 20261205]) {
    t.same(both(DATE, written), ['二零二六年十二月五日', 'the fifth of December twenty twenty-six'], `${written}`);
  }
  t.same(both(DATE, '2000-01-21'), ['二零零零年一月二十一日', 'the twenty-first of January two thousand']);
  t.same(both(DATE, '2005-02-12'), ['二零零五年二月十二日', 'the twelfth of February two thousand and five']);
  t.same(both(DATE, '1905-03-30'), ['一九零五年三月三十日', 'the thirtieth of March nineteen oh five']);
  t.same(both(DATE, '2100-08-08'), ['二一零零年八月八日', 'the eighth of August twenty-one hundred']);
  t.same(both(TIME, '14:30'), ['下午两点三十分', 'two thirty p.m.']);
  t.same(both(TIME, '02:05:59'), ['凌晨两点零五分', 'two oh five a.m.']);
  t.same(both(TIME, '00:00'), ['凌晨零点整', 'midnight']);
  t.same(both(TIME, '2026-12-05T12:00Z'), ['中午十二点整', 'noon']);
  t.same(both(TIME, '09:00'), ['上午九点整', 'nine a.m.']);
  t.same(both(TIME, '20:12'), ['晚上八点十二分', 'eight twelve p.m.']);
});

t.test('what is no such value is said as nothing', async (t) => {
  const hostile: FlowValue[] = [
    null,
    true,
    '',
    ' ',
    'x',
    '1e3',
    'NaN',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e21,
    '1'.repeat(50),
    '1.2.3',
    '12,34',
    '--1',
    '٣',
    '１２',
  ];
  for (const value of hostile) {
    for (const form of [CNY, NUMBER, { kind: 'percent' }, { kind: 'duration' }] as const) {
      t.equal(words(form, value, 'zh'), 'notSayable', `${form.kind} ${value}`);
    }
  }
  t.equal(words(CNY, 1e12, 'en'), 'notSayable', 'too large');
  t.equal(words(CNY, '999999999999.999', 'en'), 'notSayable', 'too large once rounded');
  t.equal(words({ kind: 'duration' }, -1, 'en'), 'notSayable');
  for (const value of [
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '0999-01-01',
    '1205',
    '2026-12',
    '2026-12-05x',
    '2026-12/05',
  ]) {
    t.equal(words(DATE, value, 'zh'), 'notSayable', value);
  }
  for (const value of ['24:00', '12:60', '1:30', '12', '12:30x', '12:30:60', 1230])
    t.equal(words(TIME, value, 'en'), 'notSayable', `${value}`);
  for (const value of ['', '12a', '+', '1+2', '1'.repeat(41), null]) {
    t.equal(words({ kind: 'digits', style: 'plain' }, value, 'zh'), 'notSayable', `${value}`);
  }
  t.same(say(CNY, 1, 'fr'), { ok: false, error: 'noGrammar' });
  t.ok(hasGrammar('zh-TW') && hasGrammar('en') && !hasGrammar('fr') && !hasGrammar('constructor'));
  t.equal(words(CNY, 1, 'zh-TW'), '一元');
});

const cents = fc.oneof(
  fc.integer({ min: -1e11, max: 1e11 }),
  // Numbers with zeros in all places, where the rules are.
  fc
    .array(fc.constantFrom('0', '0', '0', '1', '2', '9'), { minLength: 1, maxLength: 14 })
    .map((digits) => Number(digits.join(''))),
);

t.test('amounts and numbers read back as they were', async (t) => {
  fc.assert(
    fc.property(cents, (n) => {
      const whole = Math.floor(Math.abs(n) / 100);
      const small = Math.abs(n) % 100;
      const written = `${n < 0 ? '-' : ''}${whole}.${`${small}`.padStart(2, '0')}`;
      const said = words(CNY, written, 'zh').replace(/^负/, '');
      const yuan = whole > 0 || small === 0 ? `${whole === 2 ? '两' : chineseOf(whole)}元` : '';
      const tenth = Math.floor(small / 10);
      const fen = small % 10;
      const two = (digit: number, isHead: boolean): string => (digit === 2 && isHead ? '两' : (DIGITS[digit] as string));
      const rest = `${tenth > 0 ? `${two(tenth, yuan === '')}角` : yuan !== '' && fen > 0 ? '零' : ''}${fen > 0 ? `${two(fen, yuan === '' && tenth === 0)}分` : ''}`;
      if (said !== `${yuan}${rest}`) throw new Error(`${written}: ${said}, not ${yuan}${rest}`);
      const english = words(CNY, written, 'en').replace(/^minus /, '');
      const match = /^(?:(.+) yuan)?(?: and )?(?:(.+) fen)?$/.exec(english);
      const back = readEnglish(match?.[1] ?? 'zero') * 100 + readEnglish(match?.[2] ?? 'zero');
      if (back !== Math.abs(n)) throw new Error(`${written}: ${english} reads ${back}`);
      if (match?.[1] !== undefined && !hasAndsInPlace(match[1])) throw new Error(`ands in ${english}`);
      // The same by number and by text: no dust.
      const byNumber = words(CNY, n / 100, 'zh');
      return byNumber === words(CNY, written, 'zh') && n < 0 === words(CNY, written, 'en').startsWith('minus');
    }),
    { numRuns: 20_000 },
  );
  for (let n = 0; n < 30_000; n++) {
    if (words(NUMBER, n, 'zh') !== chineseOf(n)) t.fail(`${n}: ${words(NUMBER, n, 'zh')}, not ${chineseOf(n)}`);
    if (readEnglish(words(NUMBER, n, 'en')) !== n) t.fail(`${n}: ${words(NUMBER, n, 'en')}`);
  }
  t.pass('20,000 amounts and all numbers below 30,000');
});

t.test('every day of ten years and every minute of a day reads back', async (t) => {
  const spell = (n: number): string => chineseOf(n);
  const english = new Intl.DateTimeFormat('en', { month: 'long', timeZone: 'UTC' });
  for (let at = Date.UTC(2020, 0, 1); at < Date.UTC(2030, 0, 1); at += 86_400_000) {
    const day = new Date(at);
    const iso = day.toISOString().slice(0, 10);
    const digits = new Intl.NumberFormat('zh-u-nu-hanidec', { useGrouping: false })
      .format(day.getUTCFullYear())
      .replaceAll('〇', '零');
    const zh = `${digits}年${spell(day.getUTCMonth() + 1)}月${spell(day.getUTCDate())}日`;
    if (words(DATE, iso, 'zh') !== zh) t.fail(`${iso}: ${words(DATE, iso, 'zh')}, not ${zh}`);
    const said = words(DATE, iso, 'en');
    const year = day.getUTCFullYear();
    const ends = ` of ${english.format(day)} twenty ${words(NUMBER, year % 100, 'en')}`;
    if (!said.endsWith(ends)) t.fail(`${iso}: ${said}, which should end${ends}`);
    if (!new RegExp(`^the [a-z-]*(${suffixOf(day.getUTCDate())}|ieth) of`).test(said)) t.fail(`${iso}: ${said}`);
  }
  const seen = { zh: new Set<string>(), en: new Set<string>() };
  for (let minute = 0; minute < 1440; minute++) {
    const [hour, rest] = [Math.floor(minute / 60), minute % 60];
    const written = `${`${hour}`.padStart(2, '0')}:${`${rest}`.padStart(2, '0')}`;
    const zh = words(TIME, written, 'zh');
    const twelve = hour > 12 ? hour - 12 : hour;
    const clock = `${twelve === 2 ? '两' : spell(twelve)}点${rest === 0 ? '整' : `${rest < 10 ? '零' : ''}${spell(rest)}分`}`;
    if (zh.slice(2) !== clock) t.fail(`${written}: ${zh}`);
    seen.zh.add(zh);
    seen.en.add(words(TIME, written, 'en'));
    const en = words(TIME, written, 'en');
    if (rest > 0 && !en.endsWith(hour < 12 ? 'a.m.' : 'p.m.')) t.fail(`${written}: ${en}`);
  }
  t.equal(seen.zh.size, 1440, 'no two minutes sound the same');
  t.equal(seen.en.size, 1440);
});

const suffixOf = (n: number): string => ({ 1: 'first', 2: 'second', 3: 'third' })[n > 20 ? n % 10 : n] ?? 'th';

/** Values that together need every word: each kind's every small part, and a value on each side of every unit. */
function* oneOfEverything(forms: readonly SayForm[]): Generator<[SayForm, FlowValue]> {
  const numbers: number[] = [];
  for (let n = 0; n <= 1_100; n++) numbers.push(n, -n, n / 100);
  for (let unit = 10; unit <= 1e11; unit *= 10) for (let n = 1; n <= 99; n++) numbers.push(unit * n, unit * n + 1);
  for (const form of forms) {
    if (form.kind === 'date')
      for (let day = 0; day < 366; day++)
        for (const century of [1000, 1900, 2000, 2024, 2100, 9900]) {
          const year = century + (day % 100 <= 99 - (century % 100) ? day % 100 : 0);
          yield [form, new Date(Date.UTC(year, 0, 1 + day)).toISOString().slice(0, 10)];
        }
    else if (form.kind === 'time')
      for (let minute = 0; minute < 1_440; minute++) yield [form, new Date(minute * 60_000).toISOString().slice(11, 16)];
    else if (form.kind === 'digits') yield [form, '+0123456789*#'];
    else for (const each of numbers) yield [form, each];
  }
}

t.test('the set is bounded, has a text for each, and what is told to be needed is all that is used', async (t) => {
  for (const language of ['zh', 'en']) {
    const all = allFragments(language);
    t.ok(all.size < 400, `${language} ${all.size}`);
    for (const [id, text] of all) {
      t.match(id, /^say\/[a-z][a-z0-9-]*$/);
      t.ok(text.length > 0 && (language === 'en' ? /^[a-zA-Z. -]+$/ : /^[\u4e00-\u9fff]+$/).test(text), id);
    }
    const used = new Set<string>();
    const forms = SAY_KINDS.flatMap((kind): SayForm[] =>
      kind === 'amount'
        ? (Object.keys(CURRENCIES) as Currency[]).map((currency) => ({ kind, currency }))
        : kind === 'digits'
          ? [
              { kind, style: 'phone' },
              { kind, style: 'plain' },
            ]
          : [{ kind }],
    );
    for (const form of forms) {
      const needed = new Set(fragmentsOf(form, language));
      const value = (): fc.Arbitrary<FlowValue> => {
        if (form.kind === 'date')
          return fc
            .date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
            .map((day) => day.toISOString().slice(0, 10));
        if (form.kind === 'time')
          return fc.integer({ min: 0, max: 1439 }).map((m) => new Date(m * 60_000).toISOString().slice(11, 16));
        if (form.kind === 'digits') return fc.stringMatching(/^\+?[0-9*#]{1,20}$/);
        if (form.kind === 'duration') return fc.oneof(fc.nat(200), fc.nat(8_000_000));
        return fc.oneof(
          cents.map((n) => n / 100),
          fc.nat(300),
          fc.nat(9).map((n) => n / 100),
        );
      };
      fc.assert(
        fc.property(value(), (each) => {
          const said = say(form, each, language);
          if (!said.ok) throw new Error(`${form.kind} ${each}: ${said.error}`);
          for (const id of said.value) {
            used.add(id);
            if (!needed.has(id)) throw new Error(`${form.kind} ${each} needs ${id}, which is not told`);
          }
          return wordsOf(said.value, language).length > 0;
        }),
        { numRuns: 1_000 },
      );
    }
    // Which words are ever spoken is asked of a fixed list: chance would now and then miss one.
    for (const [form, each] of oneOfEverything(forms)) {
      const said = say(form, each, language);
      if (said.ok) for (const id of said.value) used.add(id);
    }
    t.same(
      Array.from(all.keys()).filter((id) => !used.has(id)),
      [],
      `${language}: nothing is spoken in vain`,
    );
  }
});
