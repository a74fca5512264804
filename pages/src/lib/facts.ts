/** What was known of the parties when it was decided, of the features that say it best. */

import { durationWords, t, type Key } from './messages';

/** A feature that was never known is -1. */
const UNKNOWN = -1;
const DAYS_FROM_H = 48;
const NOW_S = 60;

type Wording = (value: number) => string;
const count: Wording = (value) => String(Math.round(value));
const hours: Wording = (value) => {
  if (value === UNKNOWN) return t('fact.never');
  if (value * 3600 < NOW_S) return t('fact.now');
  return value < DAYS_FROM_H
    ? t('fact.ago', { time: durationWords(value * 3600) })
    : t('fact.days', { days: Math.round(value / 24) });
};
const days: Wording = (value) => hours(value === UNKNOWN ? UNKNOWN : value * 24);
const times: Wording = (value) => (value === UNKNOWN ? t('fact.unknown') : t('fact.times', { times: value.toFixed(1) }));

const FACTS: Record<'payment' | 'call', readonly [feature: string, name: Key, wording: Wording][]> = {
  payment: [
    ['payer_payments', 'fact.payer_payments', count],
    ['amount_to_habit', 'fact.amount_to_habit', times],
    ['pair_payments', 'fact.pair_payments', count],
    ['payee_age_d', 'fact.payee_age_d', days],
    ['payee_payers_7d', 'fact.payee_payers_7d', count],
    ['payee_frauds', 'fact.payee_frauds', count],
  ],
  call: [
    ['caller_age_h', 'fact.caller_age_h', hours],
    ['caller_calls_1h', 'fact.caller_calls_1h', count],
    ['caller_callees_1d', 'fact.caller_callees_1d', count],
    ['caller_received_30d', 'fact.caller_received_30d', count],
    ['caller_reports', 'fact.caller_reports', count],
  ],
};

export interface Fact {
  name: string;
  value: string;
}

export function facts(kind: 'payment' | 'call', values: Readonly<Record<string, number>>): Fact[] {
  return FACTS[kind].flatMap(([feature, name, wording]) => {
    const value = values[feature];
    return value === undefined ? [] : [{ name: t(name), value: wording(value) }];
  });
}
