/** What digits can be asked to be, beside their number. Pure; a value that is no row of digits passes none. */
export const ENTRY_CHECKS = ['digits', 'luhn', 'date', 'month-day', 'expiry'] as const;
export type EntryCheck = (typeof ENTRY_CHECKS)[number];

/** How many digits a check needs; null: any number. */
export const LENGTH_OF: Readonly<Record<EntryCheck, number | null>> = {
  digits: null,
  luhn: null,
  date: 8,
  'month-day': 4,
  expiry: 4,
};

/** `date`: YYYYMMDD, a day that exists. `month-day`: MMDD of some year. `expiry`: YYMM as on a card. `luhn`: ISO/IEC 7812-1, annex B. */
export function passes(check: EntryCheck, value: string): boolean {
  if (!/^[0-9]+$/.test(value)) return false;
  const number = (from: number, until: number): number => Number(value.slice(from, until));
  switch (check) {
    case 'digits':
      return true;
    case 'luhn':
      return isLuhn(value);
    case 'date':
      return value.length === 8 && number(0, 4) > 0 && isDayOf(number(0, 4), number(4, 6), number(6, 8));
    case 'month-day':
      // The 29th of February is a birthday like any other.
      return value.length === 4 && isDayOf(2000, number(0, 2), number(2, 4));
    case 'expiry':
      return value.length === 4 && number(2, 4) >= 1 && number(2, 4) <= 12;
  }
}

/** A single 0 has a right sum, but is no number of a card or an account. */
function isLuhn(value: string): boolean {
  let sum = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = Number(value[value.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return value.length > 1 && sum % 10 === 0;
}

function isDayOf(year: number, month: number, day: number): boolean {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}
