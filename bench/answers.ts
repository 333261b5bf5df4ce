/** When the sandbox, in this process, sent its answers. */
import diagnostics from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { nowUs } from './load/deliver.ts';

/** A second is the pace of the refreshes. */
const PATIENCE_MS = 30_000;

export interface Answers extends Disposable {
  /** Just before the last byte of each answer, µs on the clock of `nowUs`. */
  readonly atUs: readonly number[];
  /** Resolves when there have been so many. Rejects if they do not go on. */
  readonly reached: (count: number) => Promise<void>;
}

/** Of every HTTP server of this process, so that there must be no other. */
export function watchAnswers(): Answers {
  const atUs: number[] = [];
  const news = new EventEmitter();
  const onCreated = (message: unknown): void => {
    const { response } = message as { readonly response: ServerResponse };
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.end = (...args: unknown[]) => {
      atUs.push(nowUs());
      news.emit('answer');
      return end(...args);
    };
  };
  diagnostics.subscribe('http.server.response.created', onCreated);
  return {
    atUs,
    reached: async (count) => {
      while (atUs.length < count) await once(news, 'answer', { signal: AbortSignal.timeout(PATIENCE_MS) });
    },
    [Symbol.dispose]: () => {
      diagnostics.unsubscribe('http.server.response.created', onCreated);
    },
  };
}

/** For each answer the first moment from it on, which is that of a later token if its own never came. Throws if there is none. */
export function firstAfter(answersUs: readonly number[], momentsUs: readonly number[]): number[] {
  return answersUs.map((answerUs, index) => {
    const found = momentsUs.find((atUs) => atUs >= answerUs);
    if (found === undefined) throw new Error(`nobody was told of answer ${index + 1} of ${answersUs.length}`);
    return found;
  });
}
