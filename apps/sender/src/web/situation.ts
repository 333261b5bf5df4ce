/** How things stand, in one sentence that a person sees first, and what to do. Pure. Change the words here. */
import { goesOn } from '../cluster/cluster-words.ts';
import type { StatusReport } from '../status/status-report.ts';
import type { Tone } from './timeline.ts';
import { sentence } from './words.ts';

/** From here on the page asks for the next login (DESIGN.md, "The week"). */
export const LOGIN_DUE_MS: number = 48 * 60 * 60_000;

export interface Situation {
  readonly tone: Tone;
  readonly headline: string;
  readonly explanation: string;
  /** What to do now; absent where nothing is to be done. */
  readonly advice?: string;
}

export function situationOf(report: StatusReport, nowMs: number): Situation {
  const problem = sentence(report.problem ?? '');
  const advice = report.advice === undefined ? {} : { advice: report.advice };
  switch (report.state) {
    case 'login_required':
      return { tone: 'bad', headline: 'Log in again', explanation: problem, ...advice };
    case 'misconfigured':
      return { tone: 'bad', headline: 'Schwab refuses the app’s credentials', explanation: problem, ...advice };
    case 'confirming':
      return {
        tone: 'watch',
        headline: 'Making sure of a refusal',
        explanation: `${problem} One refusal proves nothing, so Schwab is asked again before you are. ${supply(report, nowMs)}`,
        ...advice,
      };
    case 'retrying':
      return {
        tone: hasValidToken(report, nowMs) ? 'watch' : 'bad',
        headline: 'A refresh failed, trying again',
        explanation: `${problem} ${supply(report, nowMs)}`,
        ...advice,
      };
    case 'waiting':
      return {
        tone: report.access_token === undefined ? 'watch' : 'bad',
        headline: report.access_token === undefined ? 'No token yet' : 'The access token has expired',
        explanation: problem,
        advice: WAITING_ADVICE,
      };
    case 'healthy':
      return healthySituation(report, nowMs);
  }
}

const WAITING_ADVICE =
  'See which hosts are there, and what they say: token-refresh-sender cluster status. A new login would end the one that they have.';

/** Nothing is wrong with Schwab; something else can be. The most pressing first. */
function healthySituation(report: StatusReport, nowMs: number): Situation {
  if (!report.saved) {
    return {
      tone: 'bad',
      headline: 'The newest tokens are not saved',
      explanation: `They are in memory only, because ${report.token_file} could not be written. They are delivered all the same.`,
      advice: 'Make that file writable, and do not stop the sender before its tokens are saved.',
    };
  }
  if (report.access_token === undefined) {
    return { tone: 'watch', headline: 'No token yet', explanation: 'The first refresh is under way.' };
  }
  if (!hasValidToken(report, nowMs)) {
    return { tone: 'watch', headline: 'The access token has expired', explanation: 'A new one is being fetched.' };
  }
  const leftMs = report.login === undefined ? undefined : Date.parse(report.login.ends_at) - nowMs;
  if (leftMs !== undefined && leftMs <= LOGIN_DUE_MS) {
    return leftMs <= 0
      ? {
          tone: 'bad',
          headline: 'The login’s seven days are over',
          explanation: 'Schwab will refuse the next refresh.',
          advice: 'Log in again.',
        }
      : {
          tone: 'watch',
          headline: 'The login ends soon',
          explanation: 'A login lasts seven days, however often it is refreshed.',
          advice: 'Log in before it ends, and nothing stops.',
        };
  }
  const storeless = clusterSituation(report);
  if (storeless !== undefined) return storeless;
  const missed = report.targets.filter((target) => target.state === 'undelivered');
  if (missed.length > 0) {
    const names = missed.map((target) => target.name).join(', ');
    return {
      tone: 'watch',
      headline: missed.length === 1 ? `${names} does not get its tokens` : 'Some targets do not get their tokens',
      explanation: missed.map((target) => `${target.name}: ${sentence(target.reason ?? 'not delivered')}`).join(' '),
      advice: `Start ${missed.length === 1 ? 'it' : 'them'}: the newest token is delivered as soon as somebody listens there.`,
    };
  }
  if (leftMs === undefined) {
    return {
      tone: 'watch',
      headline: 'The login’s end is unknown',
      explanation: 'The token file does not say when the login was made, so it may end at any moment.',
      advice: 'Log in once: then the end is known.',
    };
  }
  return { tone: 'good', headline: 'All is well', explanation: 'The login is alive, and each new token is delivered.' };
}

/** undefined: on a single machine, and while the cluster's store is there. */
function clusterSituation({ cluster }: StatusReport): Situation | undefined {
  const explanation = sentence(cluster?.problem ?? '');
  switch (cluster?.role) {
    case 'waiting':
      return {
        tone: 'watch',
        headline: 'The cluster’s store is away',
        explanation: `${explanation} ${goesOn(cluster.leader)}; this one waits with the token that it has.`,
        advice: 'Start a server of the store before that token ends; nothing here has to be restarted.',
      };
    case 'alone':
      return {
        tone: 'watch',
        headline: 'The cluster’s store is away',
        explanation: `${explanation} This host led last, and goes on refreshing.`,
        advice: 'Start a server of the store: the other hosts wait for it, with the token that they have.',
      };
    case 'single':
      return {
        tone: 'watch',
        headline: 'The cluster’s store cannot be used',
        explanation: `${explanation} This host goes on as a single machine.`,
        advice: 'Put that right as docs/cluster.md says; it joins by itself.',
      };
    case 'leader':
    case 'follower':
    case undefined:
      return undefined;
  }
}

function hasValidToken({ access_token: token }: StatusReport, nowMs: number): boolean {
  return token !== undefined && (token.expires_at === undefined || Date.parse(token.expires_at) > nowMs);
}

function supply(report: StatusReport, nowMs: number): string {
  return hasValidToken(report, nowMs)
    ? 'The present token goes on being served until it expires.'
    : 'There is no valid token to serve meanwhile.';
}
