import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { withoutLeftovers } from '../src/nats/opened-sockets.ts';

async function serverOf() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('an attempt that fails leaves no socket behind, and touches none that is not its own', async () => {
  const port = await serverOf();
  const made: Socket[] = [];
  const other = connect(port, '127.0.0.1');
  const failed = withoutLeftovers(async () => {
    made.push(connect(port, '127.0.0.1'));
    await Promise.resolve();
    made.push(connect(port, '127.0.0.1'));
    await once(made[1] as Socket, 'connect');
    throw new Error('it says nothing');
  });
  const meanwhile = connect(port, '127.0.0.1');
  await expect(failed).rejects.toThrow('it says nothing');
  expect(made.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  expect([other.destroyed, meanwhile.destroyed]).toEqual([false, false]);
  other.destroy();
  meanwhile.destroy();
});

test('one that succeeds keeps its socket', async () => {
  const port = await serverOf();
  const socket = await withoutLeftovers(async () => {
    const opened = connect(port, '127.0.0.1');
    await once(opened, 'connect');
    return opened;
  });
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});
