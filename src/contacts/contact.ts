/** A positive integer up to 2^53−1. */
export type ContactId = number;

/** What a producer may set. All texts are kept exactly as sent. */
export interface ContactFields {
  readonly client_id: number;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  /** Empty text means: none. */
  readonly phone: string;
  /** Empty text means: none. */
  readonly mobile_phone: string;
}

export interface Contact extends ContactFields {
  readonly contact_id: ContactId;
}

/** What `contact.update` names; what is absent stays unchanged. */
export type ContactChanges = Partial<ContactFields>;
