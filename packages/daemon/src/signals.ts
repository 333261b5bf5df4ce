type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** The part of `process` that is needed here. */
export interface SignalSource {
  on(event: SignalName, listener: (signal: SignalName) => void): unknown;
  off(event: SignalName, listener: (signal: SignalName) => void): unknown;
}

export interface SignalReactions {
  /** The first SIGTERM or SIGINT: finish what must not be abandoned, then end. */
  onStop(signal: 'SIGTERM' | 'SIGINT'): void;
  /** The second one of either: end at once. */
  onSecondStop(): void;
  /** SIGHUP: read the configuration again. Not called once stopping has begun. */
  onReload(): void;
}

/** Turns signals into reactions, until the function that it returns is called. */
export function handleSignals(source: SignalSource, reactions: SignalReactions): () => void {
  let stopping = false;
  const onStopSignal = (signal: SignalName): void => {
    if (signal === 'SIGHUP') return;
    if (stopping) {
      reactions.onSecondStop();
      return;
    }
    stopping = true;
    reactions.onStop(signal);
  };
  const onReloadSignal = (): void => {
    if (!stopping) reactions.onReload();
  };
  source.on('SIGTERM', onStopSignal);
  source.on('SIGINT', onStopSignal);
  source.on('SIGHUP', onReloadSignal);
  return () => {
    source.off('SIGTERM', onStopSignal);
    source.off('SIGINT', onStopSignal);
    source.off('SIGHUP', onReloadSignal);
  };
}
