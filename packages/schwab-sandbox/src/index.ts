export { SandboxError } from './errors.ts';
export type { SandboxErrorCode } from './errors.ts';
export type { RefusalForm } from './answers.ts';
export type { Fault, FaultTimes } from './faults.ts';
export type { SandboxOptions } from './options.ts';
export type { RequestRecord } from './request-log.ts';
export { startSandbox } from './sandbox.ts';
export type { Sandbox, SandboxLogin } from './sandbox.ts';
