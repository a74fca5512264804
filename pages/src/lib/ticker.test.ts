import { expect, test } from 'vitest';

import { rate } from './samples';
import { changeText, ticker } from './ticker';

test('a quote reads as on a newspaper', () => {
  const [kzt] = ticker(new Map([['KZT', rate({ rate: '0.00194972' })]]));
  expect(`${kzt?.pair} ${kzt?.rate} ${kzt?.change}`).toBe('KZT/USD 0.00195 −0 %');
});

test.each([
  ['-0.0039', '−0 %'],
  ['-0.0000', '−0 %'],
  ['0.0000', '0 %'],
  ['0.4200', '+0 %'],
  ['1.5000', '+2 %'],
  ['-12.3456', '−12 %'],
])('a change of %s reads %s', (percent, text) => {
  expect(changeText(percent)).toBe(text);
});

test('small rates keep their figures, and what has no day before has no change', () => {
  const rates = new Map([
    ['UZS', rate({ currency: 'UZS', rate: '0.0000821', change_percent: null })],
    ['TMT', rate({ currency: 'TMT', rate: '0.285714' })],
    ['EUR', rate({ currency: 'EUR' })],
    ['KGS', rate({ currency: 'KGS', rate: '0.011435' })],
  ]);
  expect(ticker(rates).map(({ pair, rate, change }) => [pair, rate, change])).toEqual([
    ['KGS/USD', '0.0114', '−0 %'],
    ['UZS/USD', '0.0000821', null],
    ['TMT/USD', '0.286', '−0 %'],
  ]);
});
