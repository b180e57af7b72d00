/** What `contacts console` asks for; checked. */
export interface ConsoleRequest {
  readonly url?: string | undefined;
  readonly queue?: string | undefined;
  readonly queues?: string | undefined;
  readonly port: number;
  readonly host: string;
  readonly allowHost?: readonly string[];
  /** An origin, `https://NAME`. */
  readonly publicUrl?: string;
  readonly readOnly?: boolean;
  /** `undefined`: make one, and print it. */
  readonly token: string | undefined;
  readonly metrics: readonly string[];
  readonly log?: readonly string[];
  readonly auditLog?: string;
  /** Seconds. */
  readonly undo: number;
}
