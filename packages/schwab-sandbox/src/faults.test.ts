import { expect, test } from 'vitest';
import { SandboxError } from './errors.ts';
import { parseFaultOrder } from './faults.ts';

test.each([
  ['{"kind":"hang"}', { fault: { kind: 'hang' }, times: 1 }],
  ['{"kind":"delay","ms":20,"times":3}', { fault: { kind: 'delay', ms: 20 }, times: 3 }],
  ['{"kind":"refuse","form":"B","times":"always"}', { fault: { kind: 'refuse', form: 'B' }, times: 'always' }],
  [
    '{"kind":"status","status":429,"headers":{"Retry-After":"2"}}',
    { fault: { kind: 'status', status: 429, headers: { 'Retry-After': '2' } }, times: 1 },
  ],
] as const)('%s is understood', (text, order) => {
  expect(parseFaultOrder(text)).toEqual(order);
});

test.each([
  ['', /JSON object/],
  ['[]', /JSON object/],
  ['{"kind":"hang","times":0}', /times/],
  ['{"kind":"explode"}', /"kind"/],
  ['{"kind":"html"}', /"status"/],
  ['{"kind":"status","status":99}', /"status"/],
  ['{"kind":"status","status":503,"headers":{"a b":"c"}}', /"headers"/],
  ['{"kind":"hang","status":503}', /no status/],
])('%s is refused, and the message says what to look at', (text, message) => {
  const parse = (): unknown => parseFaultOrder(text);
  expect(parse).toThrow(SandboxError);
  expect(parse).toThrow(message);
});
