/** An integer from 1 to 2^53−1. */
export type ContactId = number;

/** What a producer may set. Texts are kept exactly as sent. */
export interface ContactFields {
  readonly client_id: number;
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string;
  /** Empty if there is none. */
  readonly phone: string;
  /** Empty if there is none. */
  readonly mobile_phone: string;
}

export interface Contact extends ContactFields {
  readonly contact_id: ContactId;
}

/** The fields that `contact.update` names; absent fields stay unchanged. */
export type ContactChanges = Partial<ContactFields>;
