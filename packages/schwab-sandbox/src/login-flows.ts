import { mintSession } from './mint.ts';
import type { RandomSource } from './random-source.ts';

/** The pages of a login, in their order. */
export const loginSteps = ['sign-in', 'consent', 'accounts', 'done'] as const;

export type LoginStep = (typeof loginSteps)[number];

/** A login on its way through the pages; `id` becomes the `session` of the redirect. */
export type LoginFlow = { readonly id: string; readonly state: string | undefined; reached: LoginStep };

/** How many logins may be on their way; the oldest is forgotten. */
const maxFlows = 100;

/** The logins that have begun and not ended. */
export class LoginFlows {
  readonly #flows = new Map<string, LoginFlow>();
  readonly #random: RandomSource;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  begin(state: string | undefined): LoginFlow {
    const flow: LoginFlow = { id: mintSession(this.#random), state, reached: 'sign-in' };
    this.#flows.set(flow.id, flow);
    const [oldest] = this.#flows.keys();
    if (this.#flows.size > maxFlows && oldest !== undefined) this.#flows.delete(oldest);
    return flow;
  }

  /** The flow whose `step` may be answered: one that has reached it. A page gone back to may be answered again. */
  at(step: LoginStep, id: string): LoginFlow | undefined {
    const flow = this.#flows.get(id);
    if (flow === undefined || loginSteps.indexOf(step) > loginSteps.indexOf(flow.reached)) return undefined;
    return flow;
  }

  end(flow: LoginFlow): void {
    this.#flows.delete(flow.id);
  }
}
