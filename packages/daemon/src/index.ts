export { accountName, accountNumber } from './account-number.ts';
export { sleepUntil, type SleepOptions } from './clock.ts';
export { Command, CommandFailure, runCommandLine } from './command-line.ts';
export { ConfigurationError, type ConfigurationErrorCode } from './configuration-error.ts';
export { ExitCode } from './exit-code.ts';
export type { HookVariables } from './hooks/hook-environment.ts';
export type { Kill } from './hooks/hook-process.ts';
export { HookRunner, type HookDetails, type HookRunnerOptions } from './hooks/hook-runner.ts';
export { hooksSetting, type Hook, type Hooks } from './hooks/hook-settings.ts';
export {
  PreparedAnswer,
  problem,
  type Answer,
  type RouteAnswer,
  type StreamAnswer,
  type StreamTarget,
} from './local-http/answer.ts';
export { LocalHttpError, requestLocal, type LocalAnswer, type LocalHttpErrorCode } from './local-http/client.ts';
export { answerBrokenRequests } from './local-http/broken-request.ts';
export { giveWay } from './local-http/give-way.ts';
export { HttpCounts, type RequestCount } from './local-http/http-counts.ts';
export { LastAnswers } from './local-http/last-answers.ts';
export type { LocalRequest } from './local-http/local-request.ts';
export { openApiRoute } from './local-http/open-api-route.ts';
export type { OpenApiInfo } from './local-http/open-api.ts';
export { problemOf, type ProblemKind } from './local-http/problem.ts';
export { onlyHost } from './local-http/request-host.ts';
export type { Parameter, RouteDescription } from './local-http/route.ts';
export { createLocalHttp, type LocalHttpOptions, type Route } from './local-http/server.ts';
export { limitTimes, WITHOUT_LIMITS_OF_NODE } from './local-http/time-limits.ts';
export type { ShownInstead } from './hidden-secrets.ts';
export type { LogLevel } from './log-format.ts';
export { LineBudget } from './line-budget.ts';
export { listenFds, type ListenFd } from './listen-fds.ts';
export { openLog, type Log, type LogFields, type LogOptions, type OpenLog } from './log.ts';
export { logSocketNews } from './log-socket-news.ts';
export { logSettings, type LogSettingDefinitions } from './log-settings.ts';
export { inSeconds, metricsOf, samplesBy, type MetricFamily, type MetricSample } from './metrics/metric-family.ts';
export { openMetricsPort, type MetricsPort, type MetricsPortOptions } from './metrics/metrics-port.ts';
export { metricsRoute } from './metrics/metrics-route.ts';
export { processMetrics, type ProcessReadings } from './metrics/process-metrics.ts';
export { renderMetrics, type RenderedMetrics } from './metrics/render-metrics.ts';
export { statsdSetting, type StatsdAddress } from './metrics/statsd-address.ts';
export { StatsdReporter, type StatsdReporterOptions } from './metrics/statsd-reporter.ts';
export { hasOwnSocket } from './own-socket.ts';
export { runDaemon, type DaemonContext, type DaemonLogSettings, type Surroundings } from './run-daemon.ts';
export { runProgram } from './run-program.ts';
export { remakeRuntimeFolder, runtimeFolder } from './runtime-folder.ts';
export { serviceFolders } from './service-folders.ts';
export { addSettingOptions } from './settings/command-options.ts';
export {
  booleanSetting,
  choiceSetting,
  durationSetting,
  integerSetting,
  modeSetting,
  pathSetting,
  sizeSetting,
  structureSetting,
  textSetting,
} from './settings/kinds.ts';
export {
  loadSettings,
  type LoadedSettings,
  type SettingsPlaces,
  type SettingSource,
} from './settings/load-settings.ts';
export { needingRestart, type ReloadPlan } from './settings/needing-restart.ts';
export { settingsFolder, type SettingsFolder } from './settings-folder.ts';
export { parseDuration } from './settings/quantities.ts';
export { readTextFile } from './settings/read-text-file.ts';
export { readSecretText } from './settings/secret-text.ts';
export { readSecretYaml } from './settings/secret-yaml.ts';
export type { Setting, SettingDefinitions, SettingsOf } from './settings/setting.ts';
export { memoryGiver } from './give-back-memory.ts';
export { expectShortLives } from './short-lives.ts';
export { handleSignals, type SignalReactions, type SignalSource } from './signals.ts';
export { connectSystemd, isJournal, SystemdError, type Systemd } from './systemd.ts';
export { feedWatchdogWhile } from './systemd-watchdog.ts';
export { LOOK_EVERY_MS, nextTick, onTick } from './tick.ts';
export { watchPath, type PathIdentity, type WatchPathOptions } from './watch-path.ts';
