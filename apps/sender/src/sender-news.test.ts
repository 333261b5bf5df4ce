import { expect, test } from 'vitest';
import { recordingLog } from '../tests/recording-log.ts';
import { SenderNews } from './sender-news.ts';
import { nothingSaid } from './week/reminders.ts';

function news(): { news: SenderNews; fired: string[] } {
  const fired: string[] = [];
  return {
    fired,
    news: new SenderNews({
      hooks: new Map(),
      hookRunner: () => ({
        fire: (event) => void fired.push(event),
        settled: () => Promise.resolve(),
        close: () => Promise.resolve(),
      }),
      reminderStore: { load: () => Promise.resolve(nothingSaid), save: () => Promise.resolve() },
      log: recordingLog([]),
      nowMs: () => 0,
      advice: () => ({ tokenFile: 'tokens.json', appConfigFile: 'app.yaml' }),
    }),
  };
}

test.each(['refreshed', 'adopted', 'login'] as const)(
  'a login that is required is told to the hook once, whoever says so, until a token was %s',
  (ending) => {
    const { news: told, fired } = news();
    told.record('login_required', 'alpha says so');
    told.record('refresh_failed', 'made up');
    told.record('login_required', 'Schwab says so');
    expect(fired).toEqual(['login_required']);
    expect(told.timeline.events()).toHaveLength(3);
    told.record(ending, 'made up');
    told.record('login_required', 'Schwab says so');
    expect(fired).toEqual(['login_required', 'login_required']);
  },
);
