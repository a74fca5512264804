/** Server-sent events, parsed as the HTML standard says (9.2.6), from text in pieces of any size. */

export interface SentEvent {
  id: string | null;
  event: string;
  data: string;
}

/** A parser that is fed pieces of the stream and hands out each event when its empty line has come. */
export function eventParser(emit: (event: SentEvent) => void): (piece: string) => void {
  let rest = '';
  let id: string | null = null;
  let event = '';
  let data: string[] = [];

  function line(text: string): void {
    if (text === '') {
      if (data.length) emit({ id, event: event || 'message', data: data.join('\n') });
      id = null;
      event = '';
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id') id = value;
  }

  return (piece) => {
    rest += piece;
    // A carriage return at the end may be the first half of CR LF: it waits for what follows.
    const ends = /\r\n|\n|\r(?=[^])/g;
    let from = 0;
    for (let end = ends.exec(rest); end; end = ends.exec(rest)) {
      line(rest.slice(from, end.index));
      from = ends.lastIndex;
    }
    rest = rest.slice(from);
  };
}
