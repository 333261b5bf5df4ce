/** How often a daemon looks at what nobody tells it of: the wall clock, files that cannot be watched. */
export const LOOK_EVERY_MS = 30_000;

interface Beat {
  readonly timer: NodeJS.Timeout;
  readonly listeners: Set<() => void>;
}

const beats = new Map<number, Beat>();

/**
 * Calls the listener every so often (default LOOK_EVERY_MS) until the signal aborts, the first time within one period. All listeners of a period share one timer, so that an
 * idle process with many things to look at wakes up once for all of them. A listener that throws is a bug.
 */
export function onTick(listener: () => void, signal: AbortSignal, periodMs: number = LOOK_EVERY_MS): void {
  if (signal.aborted) return;
  let beat = beats.get(periodMs);
  if (beat === undefined) {
    const listeners = new Set<() => void>();
    const timer = setInterval(() => {
      for (const listen of listeners) listen();
    }, periodMs);
    beat = { timer, listeners };
    beats.set(periodMs, beat);
  }
  const { timer, listeners } = beat;
  // One of its own, so that the same function can be given twice.
  const tell = (): void => listener();
  listeners.add(tell);
  signal.addEventListener(
    'abort',
    () => {
      listeners.delete(tell);
      if (listeners.size > 0) return;
      clearInterval(timer);
      beats.delete(periodMs);
    },
    { once: true },
  );
}

/** Resolves at the next tick of the period, which is at most one period away, or as soon as the signal aborts. */
export function nextTick(signal: AbortSignal, periodMs: number = LOOK_EVERY_MS): Promise<void> {
  return new Promise((resolve) => {
    const done = new AbortController();
    const end = (): void => {
      signal.removeEventListener('abort', end);
      done.abort();
      resolve();
    };
    if (signal.aborted) {
      end();
      return;
    }
    signal.addEventListener('abort', end);
    onTick(end, done.signal, periodMs);
  });
}
