/** A contact as the client library reads it. */
export interface Contact {
  readonly contactId: number;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone: string;
  readonly mobilePhone: string;
}

export interface NewContact {
  readonly clientId: number;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone?: string;
  readonly mobilePhone?: string;
}

export interface CallOptions {
  readonly messageId?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Milliseconds since the epoch. */
  readonly deadline?: number;
}

export interface ListFilter {
  readonly clientId?: number;
  readonly email?: string;
}

/**
 * What the commands need of the client library. Calls reject with its errors; `failure.ts` reads
 * them.
 */
export interface Contacts {
  create(
    contact: NewContact,
    options?: CallOptions,
  ): Promise<{ readonly contactId: number; readonly repeated: boolean }>;
  update(contactId: number, changes: Partial<NewContact>, options?: CallOptions): Promise<unknown>;
  get(contactId: number, options?: CallOptions): Promise<Contact>;
  delete(contactId: number, options?: CallOptions): Promise<unknown>;
  list(
    query: ListFilter & { readonly page?: number; readonly perPage?: number },
    options?: CallOptions,
  ): Promise<{ readonly contacts: readonly Contact[]; readonly hasMore: boolean }>;
  listAll(filter: ListFilter & { readonly perPage?: number }, options?: CallOptions): AsyncIterable<Contact>;
  request(
    xml: string | Uint8Array,
    options?: CallOptions,
  ): Promise<{ readonly status: string; readonly xml: string; readonly headers: Readonly<Record<string, unknown>> }>;
  close(): Promise<void>;
}
