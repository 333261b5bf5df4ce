/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  readonly type: string;
  readonly data: string;
}

const LINE_END = /[\r\n]/g;

/**
 * Takes a `text/event-stream` apart as the HTML standard has it
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation): lines that end in LF, CR or
 * CRLF, comments, several `data` lines, bytes that are not UTF-8 replaced, and an event that is not ended dropped. The fields
 * `id` and `retry` are read and not used: see TokenFollower.
 */
export class EventStreamDecoder {
  readonly #maxLength: number;
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  #isStart = true;
  #line = '';
  #afterCarriageReturn = false;
  #type = '';
  #data: string[] = [];
  #dataLength = 0;

  /** @param maxLength of a line and of the data of an event, in characters */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** The events that these bytes complete, or `too_large`: then the stream has to be given up. */
  push(bytes: Uint8Array): readonly ServerSentEvent[] | 'too_large' {
    const text = this.#withoutMark(this.#utf8.decode(bytes, { stream: true }));
    const events: ServerSentEvent[] = [];
    let start = 0;
    for (const { 0: lineEnd, index } of text.matchAll(LINE_END)) {
      const isSecondHalf = lineEnd === '\n' && index === 0 && this.#afterCarriageReturn;
      const isOfPair = lineEnd === '\n' && index > 0 && text[index - 1] === '\r';
      if (!isSecondHalf && !isOfPair) {
        const line = this.#line + text.slice(start, index);
        this.#line = '';
        if (line.length > this.#maxLength) return 'too_large';
        const event = this.#takeLine(line);
        if (event !== undefined) events.push(event);
        if (this.#dataLength > this.#maxLength) return 'too_large';
      }
      start = index + 1;
    }
    if (text !== '') this.#afterCarriageReturn = text.endsWith('\r');
    this.#line += text.slice(start);
    return this.#line.length > this.#maxLength ? 'too_large' : events;
  }

  /** One byte order mark at the start is none of the text. Node's TextDecoder takes off a second one too, if the first comes in two pieces. */
  #withoutMark(text: string): string {
    if (!this.#isStart || text === '') return text;
    this.#isStart = false;
    return text.startsWith('\uFEFF') ? text.slice(1) : text;
  }

  #takeLine(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#endEvent();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.#type = value;
    if (field === 'data') {
      this.#data.push(value);
      this.#dataLength += value.length + 1;
    }
    return undefined;
  }

  #endEvent(): ServerSentEvent | undefined {
    const event = { type: this.#type === '' ? 'message' : this.#type, data: this.#data.join('\n') };
    const hasData = this.#data.length > 0;
    this.#type = '';
    this.#data = [];
    this.#dataLength = 0;
    return hasData ? event : undefined;
  }
}
