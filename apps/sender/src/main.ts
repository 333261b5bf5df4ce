import { runProgram } from '@token-relay/daemon';
import { createProgram } from './program.ts';

runProgram(process, 'token-refresh-sender', createProgram);
