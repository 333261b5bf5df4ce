/** Puts together what somebody pastes: a terminal may break one address into several lines, and they arrive together. */
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

/** Lines that come no further apart than this are one paste. */
const QUIET_MS = 250;
/** No address is longer. */
const MAX_CHARACTERS = 6_000;

export interface PasteReactions {
  /** One paste, with its line breaks; each is waited for before the next is told. */
  readonly onText: (text: string) => Promise<void>;
  /** There is no more to come. */
  readonly onEnd: () => void;
}

/** Reads until the function that it returns is called. */
export function readPastes(input: Readable, { onText, onEnd }: PasteReactions): () => void {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  let hasLine = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastTold = Promise.resolve();

  const tell = () => {
    clearTimeout(timer);
    const text = pending;
    pending = '';
    hasLine = false;
    if (text.trim() !== '') lastTold = lastTold.then(() => onText(text));
  };
  const onData = (chunk: Buffer | string) => {
    const more = typeof chunk === 'string' ? chunk : decoder.write(chunk);
    hasLine ||= /[\r\n]/.test(more);
    pending = (pending + more).slice(0, MAX_CHARACTERS);
    clearTimeout(timer);
    if (hasLine) timer = setTimeout(tell, QUIET_MS);
  };
  const onClose = () => {
    tell();
    lastTold = lastTold.then(onEnd);
  };
  const ignore = () => onClose();
  input.on('data', onData);
  input.once('end', onClose);
  input.once('error', ignore);
  return () => {
    clearTimeout(timer);
    input.off('data', onData);
    input.off('end', onClose);
    input.destroy();
  };
}
