/** The page's style. One accent; amber and red only where something deserves a look. */
export const STYLE = `:root {
  color-scheme: light;
  --paper: #f7f8f7;
  --card: #ffffff;
  --ink: #17201d;
  --soft: #55605b;
  --line: #dde3e0;
  --accent: #0b6e5f;
  --on-accent: #ffffff;
  --watch: #8a5700;
  --bad: #b3261e;
  --good-wash: #e9f3f0;
  --watch-wash: #fbf1dd;
  --bad-wash: #fcebe9;
}
@media (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --paper: #101413;
    --card: #181d1c;
    --ink: #e7ecea;
    --soft: #a2ada8;
    --line: #2b3331;
    --accent: #62d0b6;
    --on-accent: #06221c;
    --watch: #e9b75c;
    --bad: #ff9388;
    --good-wash: #14302a;
    --watch-wash: #33280f;
    --bad-wash: #3b1a17;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto;
  max-width: 66rem;
  padding: 0 1.5rem 4rem;
  background: var(--paper);
  color: var(--ink);
  font: 1rem/1.55 "Inter", ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
}
h1, h2, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: clamp(2rem, 1.3rem + 2.6vw, 3rem); line-height: 1.12; font-weight: 650; letter-spacing: -0.022em; text-wrap: balance; }
h2 { font-size: 1.0625rem; font-weight: 650; letter-spacing: -0.005em; }
code { font: 0.875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 0.2em; }
time { white-space: nowrap; }
[hidden] { display: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
h2:focus { outline: none; }
.hint { color: var(--soft); font-size: 0.875rem; }

.top { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 1.5rem; padding: 1.5rem 0; color: var(--soft); font-size: 0.875rem; }
.name { font-weight: 600; color: var(--ink); }
.live::before { content: ""; display: inline-block; width: 0.5rem; height: 0.5rem; margin-right: 0.5rem; border-radius: 50%; background: var(--accent); }
.live.lost { color: var(--bad); }
.live.lost::before { background: var(--bad); }
noscript .live::before { display: none; }

.hero { --tone: var(--accent); display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: center; gap: 2rem 3.5rem; padding: 2.5rem 0 3rem; }
.hero.watch { --tone: var(--watch); --wash: var(--watch-wash); }
.hero.bad { --tone: var(--bad); --wash: var(--bad-wash); }
.situation { display: grid; gap: 1rem; max-width: 34rem; }
.situation h1::before { content: ""; display: block; width: 2.5rem; height: 0.3125rem; margin-bottom: 1.25rem; border-radius: 3px; background: var(--tone); }
.explanation { font-size: 1.125rem; color: var(--soft); overflow-wrap: anywhere; }
.advice { padding: 0.875rem 1.125rem; border-radius: 0.625rem; background: var(--wash, var(--good-wash)); overflow-wrap: anywhere; }
.advice strong { display: block; font-size: 0.875rem; color: var(--tone); }
.since { color: var(--soft); font-size: 0.875rem; }

.rings { display: flex; gap: 2.5rem; }
.ring { --tone: var(--accent); width: 12rem; text-align: center; }
.ring.watch { --tone: var(--watch); }
.ring.bad { --tone: var(--bad); }
.dial { position: relative; }
.dial svg { display: block; width: 100%; }
.track, .left { fill: none; stroke-width: 8; }
.track { stroke: var(--line); }
.left { stroke: var(--tone); transition: stroke-dasharray 0.6s ease; }
.cut { stroke: var(--paper); stroke-width: 2.5; }
.notch { stroke: var(--ink); stroke-width: 2.5; stroke-linecap: round; }
.amount { position: absolute; inset: 0; display: grid; place-content: center; gap: 0.125rem; }
.amount strong { font-size: 1.375rem; line-height: 1.15; font-weight: 650; letter-spacing: -0.02em; }
.ring.bad .amount strong { color: var(--tone); }
.amount span { font-size: 0.8125rem; color: var(--soft); }
figcaption { margin-top: 0.875rem; }
figcaption p { color: var(--soft); font-size: 0.875rem; }

.panel { display: grid; gap: 0.875rem; padding: 1.5rem 1.75rem; border: 1px solid var(--line); border-radius: 0.875rem; background: var(--card); }
.panel > p { max-width: 42rem; }
.start { display: flex; align-items: center; justify-content: space-between; gap: 1rem 2rem; }
.start > div { display: grid; gap: 0.75rem; max-width: 42rem; }
.start > form { flex: none; }
button, .button { display: inline-block; padding: 0.6875rem 1.25rem; border: 1px solid var(--accent); border-radius: 0.5rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; line-height: 1.3; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { filter: brightness(1.08); }
button.quiet { background: transparent; border-color: var(--line); color: var(--ink); }
button.quiet:hover { border-color: var(--soft); }
button:disabled { background: transparent; border: 1px dashed var(--line); color: var(--soft); cursor: default; filter: none; }
.said { padding: 0.75rem 1rem; border-radius: 0.5rem; overflow-wrap: anywhere; }
.said.good { background: var(--good-wash); }
.said.bad { background: var(--bad-wash); color: var(--bad); }
.steps { counter-reset: step; display: grid; gap: 1.25rem; max-width: 46rem; }
.steps > li { counter-increment: step; position: relative; padding-left: 2.75rem; }
.steps > li::before { content: counter(step); position: absolute; left: 0; top: 0; width: 1.75rem; height: 1.75rem; border: 1px solid var(--line); border-radius: 50%; text-align: center; font-size: 0.875rem; line-height: 1.6875rem; color: var(--soft); }
.steps > li:first-child::before { top: 0.5rem; }
.steps .hint { margin-top: 0.5rem; }
.steps .said { margin-top: 0.625rem; }
.field { display: flex; gap: 0.625rem; margin-top: 0.625rem; }
input[type="text"] { flex: 1; min-width: 0; padding: 0.625rem 0.75rem; border: 1px solid var(--soft); border-radius: 0.5rem; background: var(--paper); color: var(--ink); font: inherit; }
.under-way { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-top: 0.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }

.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 3rem 4rem; margin-top: 3rem; }
.columns > div { display: grid; align-content: start; gap: 3rem; }
.columns h2 { padding-bottom: 0.75rem; border-bottom: 1px solid var(--line); }
.timeline { display: grid; grid-template-columns: max-content minmax(0, 1fr); }
.timeline li { grid-column: 1 / -1; display: grid; grid-template-columns: subgrid; column-gap: 2.25rem; padding: 0.375rem 0; }
.timeline li > div { position: relative; }
.timeline p { --tone: var(--accent); position: relative; padding: 0.125rem 0; overflow-wrap: anywhere; }
.timeline p.watch, .targets li.watch { --tone: var(--watch); }
.timeline p.bad { --tone: var(--bad); }
.timeline li > div::before { content: ""; position: absolute; left: -1.1875rem; top: 0; bottom: -0.75rem; border-left: 1px solid var(--line); }
.timeline li:first-child > div::before { top: 0.875rem; }
.timeline li:last-child > div::before { bottom: 0.75rem; }
.timeline p::before { content: ""; position: absolute; left: -1.4375rem; top: 0.625rem; width: 0.5625rem; height: 0.5625rem; border-radius: 50%; background: var(--tone); box-shadow: 0 0 0 3px var(--paper); }
.timeline p.good:not(:first-child)::before { left: -1.375rem; top: 0.75rem; width: 0.3125rem; height: 0.3125rem; margin-left: 0.0625rem; }
.timeline time { padding: 0.125rem 0; color: var(--soft); }
details { margin-top: 0.5rem; }
summary { width: fit-content; padding: 0.25rem 0; color: var(--accent); cursor: pointer; }
.targets li { --tone: var(--accent); padding: 0.875rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.targets li > p:first-child { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; }
.word { color: var(--tone); font-size: 0.9375rem; }
.still .word { color: var(--soft); }
dl > div { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: 1rem; padding: 0.625rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--soft); }
dd { overflow-wrap: anywhere; }

@media (max-width: 60rem) {
  .hero { grid-template-columns: minmax(0, 1fr); padding-top: 1.5rem; }
  .rings { justify-content: start; }
}
@media (max-width: 46rem) {
  body { padding: 0 1.125rem 3rem; }
  .hero { padding: 0.75rem 0 2.25rem; }
  .rings { justify-content: space-between; gap: 1.25rem; }
  .ring { width: 100%; max-width: 12rem; }
  .amount strong { font-size: 1.1875rem; }
  .panel { padding: 1.25rem; }
  .start { flex-direction: column; align-items: start; }
  .columns { grid-template-columns: minmax(0, 1fr); gap: 2.5rem; margin-top: 2.5rem; }
  .columns > div { gap: 2.5rem; }
  .timeline time { white-space: normal; max-width: 6.5rem; }
  .timeline li { column-gap: 2rem; }
  .field { flex-direction: column; }
  dl > div { grid-template-columns: minmax(0, 1fr); gap: 0; }
}
@media (prefers-reduced-motion: reduce) {
  .left { transition: none; }
}
@media (forced-colors: active) {
  .track { stroke: GrayText; }
  .left { stroke: CanvasText; }
  .live::before, .timeline p::before { forced-color-adjust: none; }
}
`;
