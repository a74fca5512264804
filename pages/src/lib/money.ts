/** Decimal texts of money as people read them. No number is made of them, so nothing is lost. */

import { t } from './messages';

const GROUP = '\u202f';
const SPACE = '\u00a0';

/** ``450 000 KZT``, ``12.50 USD``: thousands apart, decimals where there are any. */
export function amountText(amount: string, currency: string): string {
  const [whole = '0', decimals = ''] = amount.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, GROUP);
  return `${grouped}${/[1-9]/.test(decimals) ? `.${decimals}` : ''}${SPACE}${currency}`;
}

const SCALES = [
  ['bn', 9],
  ['m', 6],
  ['k', 3],
] as const;

/** ``2.61 bn KZT``, ``450 k KZT``: three figures, cut and not rounded, so that no more is said than was kept. */
export function shortAmount(amount: string, currency: string): string {
  const whole = (amount.split('.')[0] ?? '0').replace(/^0+(?=\d)/, '');
  const scale = SCALES.find(([, digits]) => whole.length > digits);
  if (!scale) return amountText(amount, currency);
  const [unit, digits] = scale;
  const before = whole.slice(0, -digits);
  const after = whole.slice(before.length, Math.max(3, before.length)).replace(/0+$/, '');
  return `${before}${after ? `.${after}` : ''}${SPACE}${t(`scale.${unit}`)}${SPACE}${currency}`;
}
