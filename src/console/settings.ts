/** How the console serves. */
export interface ConsoleSettings {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Further names by which browsers reach it, such as a proxy's. */
  readonly allowedHosts: readonly string[];
  /** Where browsers find it behind a proxy: `https://NAME`; `undefined`: at its own address. */
  readonly publicOrigin: string | undefined;
  readonly readOnly: boolean;
  readonly token: string;
  /** Milliseconds during which a confirmed action can be undone, before it begins. */
  readonly undoMs: number;
  /** Milliseconds between two looks at broker and workers. */
  readonly lookEveryMs: number;
}

/** Milliseconds; two scrapes within 200 ms would share one text. */
export const DEFAULT_LOOK_MS = 2_000;
/** A document of 1 MiB is 16 times what a worker reads by default. */
export const MAX_BODY_BYTES = 1024 * 1024;
