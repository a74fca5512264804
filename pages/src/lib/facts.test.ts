import { expect, test } from 'vitest';

import { facts } from './facts';

test('what is known is said in words, and what never was too', () => {
  const known = facts('payment', { payer_payments: 12, amount_to_habit: 8.25, payee_age_d: -1, nonsense: 3, pair_payments: 0 });
  expect(known.map(({ value }) => value)).toEqual(['12', '8.3 times', '0', 'never']);
});

test('a time is said in minutes and hours at first, then in days', () => {
  expect(facts('payment', { payee_age_d: 0.5 })[0]?.value).toBe('12 h ago');
  expect(facts('payment', { payee_age_d: 0.0001 })[0]?.value).toBe('just now');
  expect(facts('payment', { payee_age_d: 12.2 })[0]?.value).toBe('12 d ago');
});

test('a call has facts of its own', () => {
  expect(facts('call', { caller_age_h: 0.5, caller_reports: 9 }).map(({ value }) => value)).toEqual(['30 min ago', '9']);
});
