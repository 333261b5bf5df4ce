/** What happens to a cluster in one run of the model; fast-check makes it up, and makes it smaller when a promise is broken. */
import fc from 'fast-check';

/** What a host finds on its disk when it starts again: its file, its file as another program wrote it, or none. */
export type Disk = 'kept' | 'unmarked' | 'lost';

export type HostStep =
  | { readonly kind: 'cut' | 'freeze' | 'deafen'; readonly forMs: number }
  | { readonly kind: 'restart'; readonly how: 'kill' | 'stop'; readonly disk: Disk; readonly forMs: number }
  | { readonly kind: 'log in' | 'step down' | 'refresh by mischance' }
  | { readonly kind: 'set clock'; readonly offsetMs: number };

export type Step = { readonly afterMs: number } & (
  | { readonly kind: 'on a host'; readonly host: number; readonly what: HostStep }
  /** `isNoticed`: every connection ends with it, as when servers are started anew. */
  | { readonly kind: 'wipe'; readonly isNoticed: boolean }
  | { readonly kind: 'next key' }
  | { readonly kind: 'slow'; readonly forMs: number }
);

export interface Plan {
  /** Of all that is left to chance: delays and jitter. */
  readonly seed: number;
  readonly hosts: readonly { readonly offsetMs: number; readonly whenIsolated: 'leader' | 'wait' }[];
  readonly steps: readonly Step[];
}

const MOST_HOSTS = 5;
/** Clocks of hosts differ by up to a minute. */
const offsetMs = fc.integer({ min: -30_000, max: 30_000 });
const afterMs = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 120_000 }));
const forMs = fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 400_000 }));

const hostStep: fc.Arbitrary<HostStep> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'freeze', 'deafen'), forMs }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('restart'),
      how: fc.constantFrom('kill', 'stop'),
      disk: fc.constantFrom('kept', 'kept', 'unmarked', 'lost'),
      forMs,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('log in', 'step down', 'refresh by mischance') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('set clock'), offsetMs }) },
);

const host = fc.nat(MOST_HOSTS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ afterMs, kind: fc.constant('on a host'), host, what: hostStep }) },
  { weight: 2, arbitrary: fc.record({ afterMs, kind: fc.constant('wipe'), isNoticed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ afterMs, kind: fc.constant('next key') }) },
  { weight: 2, arbitrary: fc.record({ afterMs, kind: fc.constant('slow'), forMs }) },
);

export const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.nat(),
  hosts: fc.array(fc.record({ offsetMs, whenIsolated: fc.constantFrom('leader', 'wait') }), {
    minLength: 2,
    maxLength: MOST_HOSTS,
  }),
  steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
});
