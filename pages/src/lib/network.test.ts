import { expect, test } from 'vitest';

import type { Network, PartyLink } from './fraud';
import { draw } from './network';

const link = (kind: PartyLink['kind'], source: string, target: string): PartyLink => ({
  source,
  target,
  kind,
  decisions: 1,
  frauds: 0,
  in_tenge: '0.00',
});

function network(links: PartyLink[]): Network {
  const numbers = new Set(links.flatMap(({ kind, source, target }) => (kind === 'call' ? [source, target] : [])));
  for (const { kind, source } of links) if (kind === 'telephone') numbers.add(source);
  const ids = [...new Set(links.flatMap(({ source, target }) => [source, target]))];
  const nodes = ids.map((id) => ({
    id,
    kind: numbers.has(id) ? ('number' as const) : ('account' as const),
    decisions: 1,
    frauds: 0,
  }));
  return { nodes, links, cut: false };
}

const places = (links: PartyLink[]) =>
  Object.fromEntries(draw(network(links)).nodes.map(({ id, column, row }) => [id, `${column} ${row}`]));

test('a scam reads from left to right: caller, telephone, payer, payee', () => {
  const scam = [link('call', 'thief', 'phone'), link('telephone', 'phone', 'victim'), link('payment', 'victim', 'mule')];
  expect(places(scam)).toEqual({ thief: 'callers 0', phone: 'telephones 0', victim: 'payers 0', mule: 'payees 0' });
});

test('columns with nobody in them are left out', () => {
  const drawing = draw(network([link('payment', 'a', 'b'), link('payment', 'a', 'c')]));
  expect(drawing.columns).toEqual(['payers', 'payees']);
  expect(drawing.rows).toBe(2);
});

test('who belongs together stands together, however the links came', () => {
  const links = [
    link('payment', 'a', 'z'),
    link('payment', 'b', 'y'),
    link('payment', 'c', 'x'),
    link('telephone', '1', 'c'),
    link('telephone', '2', 'b'),
    link('telephone', '3', 'a'),
  ];
  const at = places(links);
  const rows = (ids: string) => [...ids].map((id) => at[id]!.split(' ')[1]);
  expect(rows('abc')).toEqual(rows('zyx'));
  expect(rows('abc')).toEqual(rows('321'));
});

test('the parties of the case itself stand first', () => {
  const links = [link('payment', 'a', 'x'), link('payment', 'b', 'y'), link('payment', 'c', 'z')];
  const drawing = draw(network(links), ['c', 'z']);
  expect(drawing.nodes.filter(({ row }) => row === 0).map(({ id }) => id)).toEqual(['c', 'z']);
});

test('who was only called stands below those that paid as well', () => {
  const called = ['1', '2', '3'].map((phone) => link('call', 'thief', phone));
  const at = places([...called, link('telephone', '3', 'victim'), link('payment', 'victim', 'mule')]);
  expect(at).toMatchObject({ 3: 'telephones 0', victim: 'payers 0', mule: 'payees 0' });
});

test('an account that is paid more often than it pays is a payee', () => {
  const links = [link('payment', 'a', 'mule'), link('payment', 'b', 'mule'), link('payment', 'mule', 'boss')];
  expect(places(links)).toMatchObject({ mule: 'payees 0', boss: 'payees 1' });
});

test('nobody at all is an empty picture', () => {
  expect(draw({ nodes: [], links: [], cut: false })).toEqual({ nodes: [], columns: [], rows: 0 });
});
