// What clients ask of Keystone and of services, as plain data, and what they learn from the answer.
// Behaviours are generators over these: they yield an exchange and are resumed with its result.

/** A request to Keystone. The world turns it into HTTP, or into a call of the identity logic. */
export type ApiRequest =
  | {
      readonly op: 'validate'
      readonly authToken: string
      readonly subjectToken: string
    }
  | {
      readonly op: 'issue'
      readonly userId: string
      readonly password: string
      readonly projectId: string | null
    }
  | {
      readonly op: 'trust-issue'
      readonly userId: string
      readonly password: string
      readonly trustId: string
    }
  | {
      readonly op: 'revoke'
      readonly authToken: string
      readonly subjectToken: string
    }
