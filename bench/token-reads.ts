/** `GET /v1/token` over kept connections: the receiver beside bare servers in Node, Python and C that send the same bytes. */
import { join } from 'node:path';
import { measureBesideBare, type ServerAt } from './beside-bare.ts';
import { deliver, message } from './load/deliver.ts';
import type { Findings, Part, Setting } from './part.ts';
import { startReceiver } from './receiver.ts';
import { startProcess } from './server-process.ts';

export const tokenReads: Part = {
  title: 'Token reads: `GET /v1/token`, one after the other on each kept connection',
  measure,
};

async function measure(setting: Setting): Promise<Findings> {
  const servers = await startServers(setting);
  // Many short rounds: what else the machine does for seconds then falls on all servers alike.
  const amounts = setting.quick ? { rounds: 1, one: 300, many: 2_000 } : { rounds: 27, one: 2_000, many: 14_000 };
  const { text, samples } = await measureBesideBare(setting, { kind: 'http', servers, ...amounts });
  const goal = (count: string, measured: number) => ({
    figure: `\`GET /v1/token\`, rate, ${count}, ÷ bare Node HTTP server`,
    rule: 'at least' as const,
    limit: 0.7,
    measured,
  });
  return {
    text: `${text} The bare servers look at nothing in a request but its end.`,
    goals: [
      goal(
        '1 connection',
        samples.ratio('token-receiver', ({ one }) => one.perSecond),
      ),
      goal(
        '64 connections',
        samples.ratio('token-receiver', ({ many }) => many.perSecond),
      ),
    ],
  };
}

async function startServers(setting: Setting): Promise<Map<string, ServerAt>> {
  const { folder, root, programs } = setting;
  const receiver = await startReceiver(setting, { isPinned: true });
  await deliver(receiver.tokens, message(1));
  const start = async (name: string, command: string, args: readonly string[]) => {
    const path = join(folder, `http-${name}.sock`);
    const all = [...args, path, receiver.api];
    return { ...(await startProcess(command, all, /ready/, { cwd: folder, isPinned: true })), path };
  };
  return new Map([
    ['bare Node HTTP server', await start('node', process.execPath, [join(root, 'bench/servers/bare-http.cjs')])],
    ['bare Python HTTP server', await start('python', 'python3', [join(root, 'bench/servers/bare-http.py')])],
    ['bare C HTTP server', await start('c', programs.bare, ['http'])],
    ['token-receiver', { ...receiver, path: receiver.api }],
  ]);
}
