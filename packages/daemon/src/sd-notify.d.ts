/** sd-notify 2 ships no types; this is what is used of it. */
declare module 'sd-notify' {
  interface SdNotify {
    ready(): void;
    stopping(pid: number): void;
    watchdog(): void;
    sendStatus(text: string): void;
    sendState(state: string): void;
  }
  const sdNotify: SdNotify;
  export default sdNotify;
}
