import { describe, expect, test } from 'vitest';
import { badStatus, connectionProblem } from './connection-problem.ts';

const PATH = '/run/made-up/api.sock';

describe('what an error of the connection means', () => {
  test.each([
    ['ENOENT', 'receiver_not_running'],
    ['ENOTDIR', 'receiver_not_running'],
    ['ECONNREFUSED', 'receiver_not_running'],
    ['ECONNRESET', 'receiver_not_running'],
    ['EPIPE', 'receiver_not_running'],
    ['EACCES', 'denied'],
    ['EPERM', 'denied'],
    ['EAGAIN', 'receiver_busy'],
    ['HPE_INVALID_CONSTANT', 'bad_answer'],
    [undefined, 'bad_answer'],
  ] as const)('%s is %s, and the message names the socket', (systemCode, code) => {
    const problem = connectionProblem(systemCode, PATH);
    expect(problem.code).toBe(code);
    expect(problem.message).toContain(PATH);
  });

  test('a receiver without room is told from a stranger', () => {
    expect(badStatus(PATH, 503)).toMatchObject({
      code: 'receiver_busy',
      message: expect.stringMatching(/max_readers/) as string,
    });
    for (const status of [404, 500, 204, 301]) expect(badStatus(PATH, status).code).toBe('bad_answer');
  });
});
