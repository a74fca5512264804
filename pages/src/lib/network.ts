/**
 * Where each party of a case stands in the picture: in four columns, from who called to who was paid.
 *
 * A link runs from left to right as the scam does: a call to a telephone, the telephone's owner, what that one paid.
 * The case's own parties stand first in each column, so that what it is about is one line along the top; then who joins
 * two columns, last whoever was only called or only paid. Among these, parties stand beside those that they had to do
 * with (barycentres, Sugiyama 1981), so that few links cross. Pure: the same network gives the same picture.
 */

import type { Network, PartyLink, PartyNode } from './fraud';

export const COLUMNS = ['callers', 'telephones', 'payers', 'payees'] as const;
export type Column = (typeof COLUMNS)[number];
const SWEEPS = 4;

export interface Placed extends PartyNode {
  column: Column;
  /** From the top of its column, 0 first. */
  row: number;
}

export interface Drawing {
  nodes: Placed[];
  /** Columns with anything in them, from the left. */
  columns: Column[];
  /** Of the fullest column. */
  rows: number;
}

/** ``own`` are the ids of the case's own parties. */
export function draw({ nodes, links }: Network, own: readonly string[] = []): Drawing {
  const columnOf = new Map(nodes.map((node) => [node.id, column(node, links)]));
  const columns = COLUMNS.filter((name) => nodes.some(({ id }) => columnOf.get(id) === name));
  const order = new Map(columns.map((name) => [name, nodes.filter(({ id }) => columnOf.get(id) === name)]));
  const rowOf = new Map<string, number>();
  const rank = ({ id }: PartyNode) => (own.includes(id) ? 0 : columnsBeside(id, links, columnOf) > 1 ? 1 : 2);
  const number = () => {
    for (const members of order.values()) {
      members.forEach(({ id }, row) => rowOf.set(id, row));
    }
  };
  number();
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const name of sweep % 2 ? [...columns].reverse() : columns) {
      const middle = new Map(order.get(name)!.map(({ id }) => [id, barycentre(id, links, rowOf)]));
      order.get(name)!.sort((a, b) => rank(a) - rank(b) || middle.get(a.id)! - middle.get(b.id)!);
      number();
    }
  }
  const placed = columns.flatMap((name) => order.get(name)!.map((node, row) => ({ ...node, column: name, row })));
  return { nodes: placed, columns, rows: Math.max(0, ...[...order.values()].map(({ length }) => length)) };
}

/** What a party mostly does: a number calls or is called, an account pays or is paid. */
function column({ id, kind }: PartyNode, links: readonly PartyLink[]): Column {
  const count = (role: 'source' | 'target', of: PartyLink['kind']) =>
    links.filter((link) => link.kind === of && link[role] === id).reduce((sum, link) => sum + link.decisions, 0);
  if (kind === 'number') {
    const owned = count('source', 'telephone');
    return count('source', 'call') > count('target', 'call') + owned ? 'callers' : 'telephones';
  }
  return count('source', 'payment') >= count('target', 'payment') ? 'payers' : 'payees';
}

/** In how many columns those stand that it is linked with. */
function columnsBeside(id: string, links: readonly PartyLink[], columnOf: ReadonlyMap<string, Column>): number {
  const others = links.flatMap(({ source, target }) => (source === id ? target : target === id ? source : []));
  return new Set(others.map((other) => columnOf.get(other))).size;
}

/** The mean place of those that it is linked with; its own where there are none. */
function barycentre(id: string, links: readonly PartyLink[], rowOf: ReadonlyMap<string, number>): number {
  const rows = links.flatMap(({ source, target }) => {
    const other = source === id ? target : target === id ? source : null;
    return other === null || other === id ? [] : [rowOf.get(other) ?? 0];
  });
  return rows.length ? rows.reduce((sum, row) => sum + row, 0) / rows.length : (rowOf.get(id) ?? 0);
}
