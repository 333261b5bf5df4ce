/** Connect, send 2.5 kB of JSON, read OK, close: the receiver beside the least that Node, Python and C can do. */
import { join } from 'node:path';
import { measureBesideBare, type ServerAt } from './beside-bare.ts';
import type { Findings, Part, Setting } from './part.ts';
import { startReceiver } from './receiver.ts';
import { startProcess } from './server-process.ts';

export const ingest: Part = { title: 'Ingest: connect, send 2.5 kB of JSON, read `OK`, see the close', measure };

async function measure(setting: Setting): Promise<Findings> {
  const servers = await startServers(setting);
  const amounts = setting.quick ? { rounds: 1, one: 300, many: 1_200 } : { rounds: 11, one: 3_000, many: 12_000 };
  const { text, samples } = await measureBesideBare(setting, { kind: 'ingest', servers, ...amounts });
  return {
    text: `${text} Every message is a new token. The C server parses no JSON.`,
    goals: [
      {
        figure: 'ingest, p50, one at a time, ÷ bare Node server',
        rule: 'at most',
        limit: 1.15,
        measured: samples.ratio('token-receiver', ({ one }) => one.p50Us),
      },
      {
        figure: 'ingest, rate, 64 at a time, ÷ bare Node server',
        rule: 'at least',
        limit: 0.9,
        measured: samples.ratio('token-receiver', ({ many }) => many.perSecond),
      },
    ],
  };
}

async function startServers(setting: Setting): Promise<Map<string, ServerAt>> {
  const { folder, root, programs } = setting;
  const start = async (name: string, command: string, args: readonly string[]) => {
    const path = join(folder, `ingest-${name}.sock`);
    return { ...(await startProcess(command, [...args, path], /ready/, { cwd: folder, isPinned: true })), path };
  };
  const receiver = await startReceiver(setting, { isPinned: true });
  return new Map([
    ['bare Node server', await start('node', process.execPath, [join(root, 'bench/servers/bare-node.cjs')])],
    ['bare Python server', await start('python', 'python3', [join(root, 'bench/servers/bare-python.py')])],
    ['bare C server', await start('c', programs.bare, ['ingest'])],
    ['token-receiver', { ...receiver, path: receiver.tokens }],
  ]);
}
