/** Does what the plan says, and puts it right again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterHost } from './host.ts';
import type { Machine } from './network.ts';
import type { NatsServer } from './nats-server.ts';
import type { Fault } from './plan.ts';
import type { Stage } from './stage.ts';

/** What is waited for, within a bound: that all have the next token, that a host leads that is not this one. */
export interface Waits {
  readonly nextIsEverybodys: () => Promise<void>;
  readonly anotherLeads: (than: ClusterHost) => Promise<void>;
}

export class Faults {
  readonly #stage: Stage;
  readonly #waits: Waits;

  constructor(stage: Stage, waits: Waits) {
    this.#stage = stage;
    this.#waits = waits;
  }

  /** Resolves when it is put right. */
  async strike(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill_leader': {
        const leader = this.#leader();
        await leader.killSender();
        await this.#takenOver(leader, fault.ms);
        leader.startSender();
        return;
      }
      case 'freeze_leader': {
        const leader = this.#leader();
        leader.freeze(true);
        await this.#takenOver(leader, fault.ms);
        leader.freeze(false);
        return;
      }
      case 'cut_leader':
      case 'cut_leader_one_way': {
        const leader = this.#leader();
        leader.machine.cut(fault.cut);
        await this.#takenOver(leader, fault.ms);
        leader.machine.heal();
        return;
      }
      case 'cut_follower':
        return cut(this.#follower(fault.other).machine, fault);
      case 'log_in_on_follower':
        return this.#follower(fault.other).logIn(this.#stage.sandbox.authorizeUrl);
      case 'kill_server':
      case 'wipe_server':
        return restart([this.#server(fault.other)], fault.ms, fault.kind === 'wipe_server');
      case 'wipe_store':
        return restart(this.#stage.servers, fault.ms, true);
      case 'cut_server':
      case 'cut_server_one_way':
        return cut(this.#server(fault.other).machine, fault);
      case 'change_key':
        return this.#stage.changeKey(this.#waits.nextIsEverybodys);
    }
  }

  /** So long, and until another host leads. */
  async #takenOver(leader: ClusterHost, ms: number): Promise<void> {
    await Promise.all([sleep(ms), this.#waits.anotherLeads(leader)]);
  }

  #leader(): ClusterHost {
    const leader = this.#stage.hosts.find(({ leads }) => leads);
    if (leader === undefined) throw new Error('nobody leads');
    return leader;
  }

  #follower(number: number): ClusterHost {
    const followers = this.#stage.hosts.filter(({ leads }) => !leads);
    return picked(followers, number);
  }

  #server(number: number): NatsServer {
    return picked(this.#stage.servers, number);
  }
}

function picked<Item>(items: readonly Item[], number: number): Item {
  const item = items[number % items.length];
  if (item === undefined) throw new Error('there is none to pick');
  return item;
}

async function cut(
  machine: Machine,
  fault: { readonly ms: number; readonly cut: 'in' | 'out' | 'both' },
): Promise<void> {
  machine.cut(fault.cut);
  await sleep(fault.ms);
  machine.heal();
}

async function restart(servers: readonly NatsServer[], afterMs: number, isWiped: boolean): Promise<void> {
  await Promise.all(servers.map((server) => server.kill()));
  for (const server of servers) if (isWiped) server.wipe();
  await sleep(afterMs);
  for (const server of servers) server.start();
}
