import { expect, test } from 'vitest';

import { amountText, shortAmount } from './money';

const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, ' ');

test('thousands stand apart, and decimals only where there are any', () => {
  expect(plain(amountText('450000.00', 'KZT'))).toBe('450 000 KZT');
  expect(plain(amountText('1234567.05', 'USD'))).toBe('1 234 567.05 USD');
  expect(plain(amountText('7', 'JPY'))).toBe('7 JPY');
});

test('three figures, never more than there was', () => {
  expect(plain(shortAmount('2619999999.00', 'KZT'))).toBe('2.61 bn KZT');
  expect(plain(shortAmount('45000000.00', 'KZT'))).toBe('45 m KZT');
  expect(plain(shortAmount('450999.00', 'KZT'))).toBe('450 k KZT');
  expect(plain(shortAmount('999.50', 'KZT'))).toBe('999.50 KZT');
  expect(plain(shortAmount('0.00', 'KZT'))).toBe('0 KZT');
});
