/** What a daemon really holds: asked through the inspector, after its garbage has been collected. */
import { once } from 'node:events';
import type { Daemon } from './daemon.ts';

/** In a daemon's NODE_OPTIONS: any free port, because several are asked on one machine. */
export const INSPECTABLE = '--inspect-port=127.0.0.1:0';

const LISTENING = /^Debugger listening on (ws:\/\/\S+)$/;
const WITHIN_MS = 20_000;
/** The answer is sent before the inspector closes. */
const EXPRESSION = `(() => {
  const { heapUsed, external } = process.memoryUsage();
  setTimeout(() => process.getBuiltinModule('node:inspector').close(), 100);
  return heapUsed + external;
})()`;

/** In kilobytes. SIGUSR1 opens the inspector of any Node process; it is closed again. */
export async function liveHeapKb(daemon: Daemon): Promise<number> {
  const address = await daemon.lineAfter(LISTENING, () => daemon.signal('SIGUSR1'));
  const socket = new WebSocket(LISTENING.exec(address)?.[1] ?? '');
  const signal = AbortSignal.timeout(WITHIN_MS);
  try {
    await once(socket, 'open', { signal });
    const ask = async (id: number, method: string, params: object = {}): Promise<unknown> => {
      const answered = once(socket, 'message', { signal });
      socket.send(JSON.stringify({ id, method, params }));
      const [{ data }] = (await answered) as [{ readonly data: string }];
      return JSON.parse(data);
    };
    // Twice, for what the first leaves to finalizers.
    await ask(1, 'HeapProfiler.collectGarbage');
    await ask(2, 'HeapProfiler.collectGarbage');
    const answer = (await ask(3, 'Runtime.evaluate', { expression: EXPRESSION, returnByValue: true })) as {
      result: { result: { value: number } };
    };
    return Math.round(answer.result.result.value / 1_024);
  } finally {
    socket.close();
  }
}
