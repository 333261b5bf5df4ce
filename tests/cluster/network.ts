/** Machines of a network of our own: a namespace each, on one bridge. Run inside a network namespace: see scripts/cluster. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const SUBNET = '10.77.0';
const NAMES_FOLDER = '/run/netns';

/** What does not get through: what comes in, what goes out, or both. */
export type Cut = 'in' | 'out' | 'both';

export class Machine {
  readonly name: string;
  readonly address: string;
  #cut: Cut | undefined;

  constructor(name: string, number: number) {
    this.name = name;
    this.address = `${SUBNET}.${number}`;
  }

  /** What starts a program there. It becomes that program: its process id is the program's. */
  get through(): readonly string[] {
    return ['nsenter', `--net=${NAMES_FOLDER}/${this.name}`];
  }

  get isCut(): boolean {
    return this.#cut !== undefined;
  }

  /** Packets vanish without a word, as in a network; loopback is left alone. */
  cut(cut: Cut): void {
    const chain = (hook: string, link: string) =>
      `chain ${hook} { type filter hook ${hook} priority 0; ${link} "uplink" drop\n}`;
    const chains = [
      ...(cut === 'out' ? [] : [chain('input', 'iifname')]),
      ...(cut === 'in' ? [] : [chain('output', 'oifname')]),
    ];
    this.#filter(`table inet cut {\n${chains.join('\n')}\n}`);
    this.#cut = cut;
  }

  heal(): void {
    if (this.#cut !== undefined) this.#filter('delete table inet cut');
    this.#cut = undefined;
  }

  #filter(rules: string): void {
    const [command, ...args] = [...this.through, 'nft', '--file', '-'];
    execFileSync(command, args, { input: `${rules}\n`, stdio: ['pipe', 'ignore', 'inherit'] });
  }
}

/** @param names of the machines; the first has the address that ends in 1 */
export function makeNetwork(names: readonly string[]): readonly Machine[] {
  run('mount -t tmpfs tmpfs /run');
  mkdirSync(NAMES_FOLDER);
  run('ip link set lo up');
  run('ip link add bridge type bridge');
  run('ip link set bridge up');
  return names.map((name, index) => {
    const machine = new Machine(name, index + 1);
    run(`ip netns add ${name}`);
    run(`ip link add to-${name} type veth peer name uplink netns ${name}`);
    run(`ip link set to-${name} master bridge up`);
    run(`ip -n ${name} link set lo up`);
    run(`ip -n ${name} address add ${machine.address}/24 dev uplink`);
    run(`ip -n ${name} link set uplink up`);
    return machine;
  });
}

function run(line: string): void {
  const [command = '', ...args] = line.split(' ');
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
