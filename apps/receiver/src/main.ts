import { runProgram } from '@token-relay/daemon';
import { createProgram } from './program.ts';

runProgram(process, 'token-receiver', createProgram);
