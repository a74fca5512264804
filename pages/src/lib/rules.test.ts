import { expect, test } from 'vitest';

import { awaits, conditionsOf, inOrder, markOf, standing, written, type RuleTerms, type WrittenRule } from './rules';
import { AT, iso } from './samples';

const TERMS: RuleTerms = {
  kind: 'payment',
  expression: 'amount > 1',
  verdict: 'hold',
  reason: 'much',
  priority: 50,
  mode: 'enforced',
};

function rule(over: Partial<WrittenRule> = {}): WrittenRule {
  return {
    name: 'much',
    version: 1,
    state: 'in_force',
    changed: iso(0),
    proposed_by: 'user/farid',
    terms: TERMS,
    proposed: null,
    note: '',
    published: 1,
    published_by: 'user/gulnar',
    snoozed_until: null,
    outcome: null,
    ...over,
  };
}

test('an expression of simple conditions is a form, and the form writes it again', () => {
  const text = 'amount > 400000 && currency == "KZT" && pair_payments <= 0.5';
  const conditions = conditionsOf(text)!;
  expect(conditions.map(({ field, comparison, value }) => [field, comparison, value])).toEqual([
    ['amount', '>', '400000'],
    ['currency', '==', 'KZT'],
    ['pair_payments', '<=', '0.5'],
  ]);
  expect(written(conditions, (field) => field === 'currency')).toBe(text);
});

test('what is in quotes joins no conditions, and quotes are kept', () => {
  const [channel] = conditionsOf(`channel == 'a && "b"'`)!;
  expect(channel!.value).toBe('a && "b"');
  expect(conditionsOf(written([channel!], () => true))).toEqual([channel]);
});

test.each(['amount > 1 || hour < 6', '(amount > 1)', '!(amount > 1)', 'amount >', 'hour in [1, 2]', 'amount > hour'])(
  'a form has no lines for %s',
  (expression) => expect(conditionsOf(expression)).toBeNull(),
);

test('nothing typed is an empty form, and a line without a value writes nothing', () => {
  expect(conditionsOf('  ')).toEqual([]);
  expect(written([{ field: 'amount', comparison: '>', value: ' ' }], () => false)).toBe('');
});

test('an error is marked at its word, its sign, or behind the end', () => {
  const at = (line: number | null, column: number | null) => ({ field: 'expression', line, column, message: '' });
  const text = 'amount > 1 &&\n amont < 3';
  expect(text.slice(...markOf(text, at(2, 2))!)).toBe('amont');
  expect(text.slice(...markOf(text, at(1, 8))!)).toBe('>');
  expect(markOf('amount >', at(1, 9))).toEqual([8, 9]);
  expect('"😀" == x'.slice(...markOf('"😀" == x', at(1, 8))!)).toBe('x');
  expect(markOf(text, at(null, null))).toBeNull();
});

test('a rule stands as its state, its mode and its sleep say', () => {
  expect(standing(rule(), AT)).toBe('in_force');
  expect(standing(rule({ terms: { ...TERMS, mode: 'shadow' } }), AT)).toBe('in_shadow');
  expect(standing(rule({ snoozed_until: iso(60) }), AT)).toBe('asleep');
  expect(standing(rule({ snoozed_until: iso(-60) }), AT)).toBe('in_force');
  expect(standing(rule({ state: 'changing', snoozed_until: iso(60) }), AT)).toBe('changing');
});

test('what waits for somebody stands first', () => {
  const rules = [rule({ state: 'retired', name: 'a' }), rule(), rule({ state: 'proposed', name: 'z' })];
  expect(inOrder(rules, AT).map(({ name }) => name)).toEqual(['z', 'much', 'a']);
  expect(rules.filter(awaits).map(({ name }) => name)).toEqual(['z']);
});
