/** What an operator may set about methods. */
export interface MethodLimits {
  /** Contacts on a page of contact.list at most; at least 1. */
  readonly listMaxPerPage: number;
}
