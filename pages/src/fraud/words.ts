/** How the desk says what was done to a call or payment, and who its parties are. */

import { shortName, type ListEntry, type Party, type PartyNode, type Stopped } from '../lib/fraud';
import { t } from '../lib/messages';
import { amountText } from '../lib/money';

/** ``held``, ``blocked, confirmed as fraud``, ``held, released``: what was done, and what became of it. */
export function became({ action, outcome, released }: Stopped): string {
  const said = outcome === 'fraud' || outcome === 'honest' ? t(`outcome.${outcome}`) : null;
  return [t(`fraud_action.${action}`), said ?? (released ? t('outcome.released') : null)].filter(Boolean).join(', ');
}

/** What it is, in a few words: ``450 000 KZT``, or ``Call from 3F9A``. */
export function what({ amount, currency, actor }: Stopped): string {
  return amount && currency ? amountText(amount, currency) : t('fraud.call_from', { name: shortName(actor) });
}

/** The same without tiyn and cents, for a row among many. */
export function whatShort(stopped: Stopped): string {
  return what({ ...stopped, amount: stopped.amount && (stopped.amount.split('.')[0] ?? null) });
}

/** ``account 3F9A``, ``number 77C2``. */
export function partyName(kind: PartyNode['kind'], id: string): string {
  return t(`party.${kind}`, { name: shortName(id) });
}

/** Who paid or called whom: ``account 3F9A, telephone 12AB → account 77C2``. */
export function parties({ kind, actor, counterpart, subscriber }: Stopped): string {
  const of = kind === 'call' ? 'number' : 'account';
  const owner = subscriber ? `, ${t('party.telephone', { name: shortName(subscriber) })}` : '';
  return `${partyName(of, actor)}${owner} → ${partyName(of, counterpart)}`;
}

/** Whom a decision knows by a pseudonym: as what, and how it is said. */
export function known({ kind, actor, counterpart, subscriber }: Stopped): [Party, string][] {
  const of = kind === 'call' ? 'number' : 'account';
  return [
    ['actor', partyName(of, actor)],
    ['counterpart', partyName(of, counterpart)],
    ...(subscriber ? [['subscriber', t('party.telephone', { name: shortName(subscriber) })] as [Party, string]] : []),
  ];
}

/** Whom an entry lists that is known by a pseudonym alone: its first signs, as cases show them. */
export function partyWords({ party, terms }: ListEntry): string {
  const name = partyName(terms.kind === 'msisdn' ? 'number' : 'account', party ?? '');
  return t('entry.party', { name });
}

/** Whoever did it, as colleagues call them. */
export function person(actor: string | null): string {
  return actor?.replace(/^.*\//, '') ?? '–';
}
