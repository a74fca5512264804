import { expect, test } from 'vitest';

import { shortName, urgency, waits, type Stopped } from './fraud';
import { AT, iso } from './samples';

function stopped(over: Partial<Stopped> = {}): Stopped {
  return {
    decision: 'alfa-0-0',
    event: '/saqta/fraud/alfa#0',
    tenant: 'alfa',
    kind: 'payment',
    action: 'hold',
    score: 0.9,
    codes: [],
    says: [],
    actor: 'a0',
    counterpart: 'b0',
    subscriber: null,
    time: iso(0),
    amount: '10.00',
    currency: 'KZT',
    in_tenge: '10.00',
    hold_until: iso(600),
    call_back: null,
    released: false,
    outcome: null,
    ...over,
  };
}

test('a hold that ends soon is the most urgent, then other holds, payments, calls', () => {
  expect(urgency(stopped(), AT)).toBe(2);
  expect(urgency(stopped(), AT + 421_000)).toBe(1);
  expect(urgency(stopped({ action: 'block', hold_until: null }), AT)).toBe(3);
  expect(urgency(stopped({ kind: 'call', action: 'block', hold_until: null }), AT)).toBe(4);
});

test('what was said or let go waits no longer', () => {
  expect(waits(stopped())).toBe(true);
  expect(waits(stopped({ outcome: 'unknown' }))).toBe(true);
  expect(waits(stopped({ outcome: 'fraud' }))).toBe(false);
  expect(waits(stopped({ released: true }))).toBe(false);
  expect(waits(stopped({ action: 'warn', hold_until: null }))).toBe(false);
});

test('a pseudonym is said by its first signs', () => {
  expect(shortName('3f9a77c2d4e5f601')).toBe('3F9A');
});
