/** One refresh at a time, whoever asks; and one that was sent is waited for by a sender that stops. */
import type { PromiseCheck } from '../scene.ts';

export function oneAtATime(): PromiseCheck {
  let underWay = 0;
  return {
    name: 'one refresh at a time, and none abandoned',
    on: {
      asked: () => {
        underWay += 1;
        return underWay > 1 ? `${underWay} requests are under way` : undefined;
      },
      answered: () => {
        underWay -= 1;
        return undefined;
      },
      ended: ({ how }) => {
        const abandoned = underWay;
        underWay = 0;
        return how === 'stop' && abandoned > 0 ? 'it stopped, and its request was under way' : undefined;
      },
    },
  };
}
