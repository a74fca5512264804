/** The rates ticker, as on a newspaper's page: ``KZT/USD 0.00195 −0 %``. */

import type { PublishedRate } from './types';

/** The region's currencies, in the order in which they give way where there is little room. */
export const CURRENCIES = ['KZT', 'KGS', 'TJS', 'UZS', 'TMT'] as const;

const MINUS = '\u2212';
const figures = new Intl.NumberFormat('en', {
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
  useGrouping: false,
});

export interface Quote {
  pair: string;
  rate: string;
  /** With its sign, also where it rounds to nothing; null where there is no day before to compare with. */
  change: string | null;
  publisher: string;
  day: string;
}

/** The quotes of the region's currencies that are known. */
export function ticker(rates: ReadonlyMap<string, PublishedRate>): Quote[] {
  return CURRENCIES.flatMap((currency) => {
    const known = rates.get(currency);
    return known ? [quote(known)] : [];
  });
}

function quote({ currency, quote, rate, change_percent, publisher, day }: PublishedRate): Quote {
  return {
    pair: `${currency}/${quote}`,
    rate: figures.format(Number(rate)),
    change: change_percent === null ? null : changeText(change_percent),
    publisher,
    day,
  };
}

/** ``−0 %``, ``+2 %``, ``0 %``: whole per cent of a decimal text, with the sign of what was before the rounding. */
export function changeText(percent: string): string {
  const sign = percent.startsWith('-') ? MINUS : Number(percent) > 0 ? '+' : '';
  return `${sign}${Math.round(Math.abs(Number(percent)))} %`;
}
