import type { Answer } from './answers.ts';
import { jsonAnswer } from './answers.ts';
import { SandboxError } from './errors.ts';
import { parseFaultOrder } from './faults.ts';
import { fingerprint } from './fingerprint.ts';
import type { StandIn } from './stand-in.ts';
import { formatTokenFile } from './token-file.ts';

const recentRequests = 50;
const done: Answer = { status: 204, headers: {}, body: '' };

/**
 * What users and tests in other processes ask of the sandbox itself; undefined for any other method or path.
 * `POST /sandbox/faults` (a fault, `times` beside it), `DELETE /sandbox/faults`, `POST /sandbox/login` (answers a token
 * file), `POST /sandbox/revoke`, `POST /sandbox/unapprove` and `POST /sandbox/approve` (the app), `GET /sandbox/state` (counts and fingerprints).
 */
export function decideControlRequest(standIn: StandIn, method: string, path: string, body: string): Answer | undefined {
  switch (`${method} ${path}`) {
    case 'POST /sandbox/faults':
      return addFault(standIn, body);
    case 'DELETE /sandbox/faults':
      standIn.faults.clear();
      return done;
    case 'POST /sandbox/login':
      return { ...jsonAnswer(200, ''), body: formatTokenFile(standIn.logIn()) };
    case 'POST /sandbox/revoke':
      standIn.book.revoke();
      return done;
    case 'POST /sandbox/unapprove':
      standIn.approved = false;
      return done;
    case 'POST /sandbox/approve':
      standIn.approved = true;
      return done;
    case 'GET /sandbox/state':
      return jsonAnswer(200, describe(standIn));
    default:
      return undefined;
  }
}

function addFault(standIn: StandIn, body: string): Answer {
  try {
    const { fault, times } = parseFaultOrder(body);
    standIn.faults.add(fault, times);
    return done;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return jsonAnswer(400, { error: error.code, error_description: error.message });
  }
}

function describe({ book, faults, log }: StandIn): object {
  const newest = book.newestTokens;
  const refreshToken = book.currentRefreshToken;
  return {
    requestCount: log.count,
    requests: log.records.slice(-recentRequests),
    waitingFaults: faults.waitingKinds,
    refreshToken: refreshToken === undefined ? null : fingerprint(refreshToken),
    accessToken: newest === undefined ? null : fingerprint(newest.accessToken),
  };
}
