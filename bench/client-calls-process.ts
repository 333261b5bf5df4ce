/** An application that asks for its token again and again: client-calls-process.ts API_SOCKET ROUNDS CALLS. Prints CallCosts. */
import { TokenClient } from '@token-relay/client';
import type { CallCosts } from './client-calls.ts';

const [socketPath = '', roundsText, callsText] = process.argv.slice(2);
const [rounds, calls] = [Number(roundsText), Number(callsText)];

await using client = new TokenClient({ socketPath });
const held = { token: await client.getAccessToken() };
const promise = client.getAccessToken();
/** What is computed has to go somewhere, or V8 leaves it out. */
let sum = 0;

const loops: Readonly<Record<keyof CallCosts, () => void | Promise<void>>> = {
  read: () => {
    for (let index = 0; index < calls; index += 1) sum += held.token.length;
  },
  dateNow: () => {
    for (let index = 0; index < calls; index += 1) sum += Date.now();
  },
  current: () => {
    for (let index = 0; index < calls; index += 1) sum += client.currentToken() === undefined ? 0 : 1;
  },
  call: () => {
    for (let index = 0; index < calls; index += 1) sum += client.getAccessToken() === promise ? 1 : 0;
  },
  awaitPromise: async () => {
    for (let index = 0; index < calls; index += 1) sum += (await promise).length;
  },
  awaitCall: async () => {
    for (let index = 0; index < calls; index += 1) sum += (await client.getAccessToken()).length;
  },
};

const costs: Record<string, number[]> = {};
for (let round = -2; round < rounds; round += 1) {
  for (const [name, loop] of Object.entries(loops)) {
    const at = performance.now();
    await loop();
    const ns = ((performance.now() - at) * 1e6) / calls;
    if (round >= 0) (costs[name] ??= []).push(ns);
  }
}
if (!Number.isFinite(sum)) throw new Error('the loops have not run');
console.log(JSON.stringify(costs));
