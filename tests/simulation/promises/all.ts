/** Every promise, new for each month. */
import type { PromiseCheck } from '../scene.ts';
import { adoption } from './adoption.ts';
import { alarmCause } from './alarm-cause.ts';
import { alarmMissing } from './alarm-missing.ts';
import { credentialsAlarm } from './credentials-alarm.ts';
import { delivered } from './delivered.ts';
import { loginTime } from './login-time.ts';
import { nothingLost } from './nothing-lost.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { reminders } from './reminders.ts';
import { requestRate } from './request-rate.ts';
import { savedBeforePublished } from './saved-before-published.ts';
import { served } from './served.ts';

export function allPromises(): readonly PromiseCheck[] {
  return [
    oneAtATime(),
    served(),
    adoption(),
    requestRate(),
    alarmCause(),
    alarmMissing(),
    credentialsAlarm(),
    reminders(),
    nothingLost(),
    savedBeforePublished(),
    delivered(),
    loginTime(),
  ];
}
