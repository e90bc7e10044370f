// Parses Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html), as they arrive in pieces.

const MAX_EVENT_CHARS = 64 * 1024 * 1024;

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

export class EventParser {
  #rest = '';
  #event = 'message';
  #data: string[] = [];

  /** Returns the events that are complete with this piece. Throws if one is too large. */
  push(piece: string): ServerSentEvent[] {
    const lines = piece.split('\n'); // only the piece is searched, so that a large event takes linear time
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MAX_EVENT_CHARS) throw new Error(`an event has more than ${MAX_EVENT_CHARS} characters`);
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      const event = this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (event) events.push(event);
    }
    return events;
  }

  /** Takes a line in, and returns the event that it ends. */
  #line(line: string): ServerSentEvent | undefined {
    if (line === '') {
      const event = { event: this.#event, data: this.#data.join('\n') };
      const isEvent = this.#data.length > 0;
      this.#event = 'message';
      this.#data = [];
      return isEvent ? event : undefined;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    return undefined; // a line that begins with a colon is a sign of life
  }
}
